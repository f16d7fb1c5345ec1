import type { RequestInfo } from "../platform/platform.ts";
import type { CapturedRequest } from "../protocol/records.ts";
import type { ReplayResult } from "../protocol/replay_result.ts";
import type { Gateway } from "./gateway.ts";

/** They belong to a connection, or to the request they came with, and are made anew or left out. */
const ownHeaders = [
  ...["host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["content-length", "expect", "x-request-id", "traceparent", "tracestate", "baggage"],
];
const example = '"capture": {"headers": true, "body": true}';
const encoder = new TextEncoder();

/** A request as it was stored. */
export interface StoredRequest {
  readonly requestId: string;
  readonly deployment: string | undefined;
  readonly task: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly captured: CapturedRequest | undefined;
}

/** What became of a replay. */
export type Replay =
  | { readonly kind: "replayed"; readonly result: ReplayResult }
  | { readonly kind: "refused"; readonly message: string };

/** What a replayer works with. */
export interface ReplayerOptions {
  readonly gateway: Pick<Gateway, "replay">;
  readonly scheme: "http" | "https";
  /** The domain that deployments are reached below. */
  readonly domain: string;
  /** Whether a deployment is served here. */
  isServed(deployment: string): boolean;
}

/** Sends captured requests again: to the release that is active now, through every check. */
export class Replayer {
  readonly #options: ReplayerOptions;

  constructor(options: ReplayerOptions) {
    this.#options = options;
  }

  /** Sends a request again, or says what stands in the way; waits for its answer. */
  async replay(stored: StoredRequest): Promise<Replay> {
    const { deployment, captured } = stored;
    const reason = this.#findObstacle(stored);
    if (reason !== undefined || captured === undefined) {
      const message = `Cannot replay request "${stored.requestId}": ${reason}`;
      return { kind: "refused", message };
    }
    const { scheme, domain, gateway } = this.#options;
    const host = `${deployment}.${domain}`;
    const request = new Request(`${scheme}://${host}${stored.path}${captured.query}`, {
      method: stored.method,
      headers: captured.headers.filter(([name]) => !ownHeaders.includes(name))
        .map(([name, value]) => [name, value]),
      ...toBody(stored, captured),
    });
    if (captured.contentType !== undefined) {
      request.headers.set("content-type", captured.contentType);
    }
    const { requestId: replayOf } = stored;
    const response = await gateway.replay(request, { info: toInfo(host), replayOf });
    return { kind: "replayed", result: await toResult(response, { replayOf, captured }) };
  }

  #findObstacle(stored: StoredRequest): string | undefined {
    const { deployment, task, captured } = stored;
    if (task === undefined || deployment === undefined) return "no task was found for it";
    if (captured === undefined) {
      return `it was not captured: set ${example} for task "${task}" in cloudcode.json, ` +
        "for requests from then on";
    }
    if (captured.redacted.includes("body")) {
      return 'its body was not stored: set "body" to true, or raise "maxBody", in "capture" of ' +
        `task "${task}" in cloudcode.json; a body that is not JSON is not stored beside "redact"`;
    }
    if (!this.#options.isServed(deployment)) return `deployment "${deployment}" is not served here`;
    return undefined;
  }
}

/** Bytes, as a string would be given a content type of its own. */
function toBody({ method }: StoredRequest, { body }: CapturedRequest) {
  // Nobody reads the body of such a request, and none can be made with one.
  if (body === undefined || method === "GET" || method === "HEAD") return {};
  return { body: encoder.encode(body) };
}

/** Nobody is at the other end who could leave, or whose connection could be idle. */
function toInfo(host: string): RequestInfo {
  return {
    host: () => host,
    clientAddress: () => undefined,
    recordedAddress: () => undefined,
    waiting() {},
    answering() {},
  };
}

async function toResult(
  response: Response,
  { replayOf, captured }: { readonly replayOf: string; readonly captured: CapturedRequest },
): Promise<ReplayResult> {
  const { status, headers } = response;
  return {
    requestId: headers.get("x-request-id") ?? "",
    replayOf,
    traceId: headers.get("x-trace-id") ?? undefined,
    status,
    contentType: headers.get("content-type") ?? undefined,
    body: await response.text(),
    redacted: captured.redacted,
  };
}
