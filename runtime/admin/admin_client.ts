import { type IncomingMessage, request as openRequest } from "node:http";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { HttpAddress } from "../platform/platform.ts";
import type { ReplayResult } from "../protocol/replay_result.ts";
import type {
  LogFilter,
  LogLineRow,
  RequestDetail,
  TraceFilter,
  TraceReader,
  TraceRow,
} from "../store/trace_reader.ts";
import { type QueryWords, toLogQuery, toTraceQuery } from "./trace_query.ts";
import {
  parseComplaint,
  parseLogLines,
  parseReplayResult,
  parseRequestDetail,
  parseTraceRows,
} from "./trace_wire.ts";

const answerTimeoutMs = 30_000;
/** A request with ten attempts, each with its thousand lines of 16 KiB. */
const mostAnswerBytes = 256 * 2 ** 20;
/** What says that nobody listens, as opposed to somebody who cannot answer. */
const absentCodes = ["ENOENT", "ECONNREFUSED"];

/** Asks a running server through its admin listener. */
export class AdminClient implements TraceReader {
  readonly #address: HttpAddress;

  constructor(address: HttpAddress) {
    this.#address = address;
  }

  /** Where it asks, for people. */
  get place(): string {
    const address = this.#address;
    return address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
  }

  async traces(filter: TraceFilter): Promise<readonly TraceRow[]> {
    return parseTraceRows(await this.#get(`/traces${toSearch(toTraceQuery(filter))}`));
  }

  async find(id: string): Promise<RequestDetail | undefined> {
    const path = `/traces/${encodeURIComponent(id)}`;
    const answer = await this.#ask({ method: "GET", path, timeoutMs: answerTimeoutMs });
    return answer.status === 404 ? undefined : parseRequestDetail(accept(answer));
  }

  async logs(filter: LogFilter): Promise<readonly LogLineRow[]> {
    return parseLogLines(await this.#get(`/logs${toSearch(toLogQuery(filter))}`));
  }

  /**
   * Has the server send a captured request again, and waits for the answer to it.
   * @throws {RuntimeError} `not_found` when it knows of no such request, `admin_failed` with the
   * reason when it refuses.
   */
  async replay(requestId: string): Promise<ReplayResult> {
    const path = `/replay/${encodeURIComponent(requestId)}`;
    // Its task may take as long as it likes.
    const answer = await this.#ask({ method: "POST", path, timeoutMs: 0 });
    if (answer.status === 404) {
      throw new RuntimeError("not_found", parseComplaint(answer.json) ?? "Cannot find the request");
    }
    return parseReplayResult(accept(answer));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #get(path: string): Promise<unknown> {
    return accept(await this.#ask({ method: "GET", path, timeoutMs: answerTimeoutMs }));
  }

  async #ask(question: Question): Promise<Answer> {
    try {
      return await send(this.#address, question);
    } catch (cause) {
      if (cause instanceof RuntimeError) throw cause;
      const code = absentCodes.includes(Object(cause).code) ? "not_reached" : "admin_failed";
      const message = `Cannot reach a running server at ${this.place}: ${messageOf(cause)}`;
      throw new RuntimeError(code, message, { cause });
    }
  }
}

interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** 0 waits for as long as it takes. */
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** `fetch` reaches Unix sockets under one runtime only. */
function send(address: HttpAddress, { method, path, timeoutMs }: Question): Promise<Answer> {
  const to = address.kind === "unix"
    ? { socketPath: address.path }
    : { host: address.host, port: address.port };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Taken by every listener, which may know its machine by another name.
  const headers = { host: "localhost" };
  const request = openRequest({ ...to, method, path, headers, agent: false }, (response) => {
    readAnswer(response).then(resolve, reject);
  });
  request.on("error", reject);
  request.setTimeout(timeoutMs, () => {
    request.destroy(new RuntimeError("admin_failed", "Cannot wait longer for the running server"));
  });
  request.end();
  return promise;
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) {
      const message = `Cannot read more than ${mostAnswerBytes} bytes of the running server`;
      throw new RuntimeError("admin_failed", message);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode ?? 0, json: JSON.parse(text) };
}

function accept({ status, json }: Answer): unknown {
  if (status === 200) return json;
  const message = parseComplaint(json) ?? `Cannot use the answer of the running server: ${status}`;
  throw new RuntimeError("admin_failed", message);
}

function toSearch(words: QueryWords): string {
  const given = Object.entries(words).filter(([, word]) => word !== undefined);
  return `?${new URLSearchParams(given.map(([name, word = ""]) => [name, word]))}`;
}
