import { type Context, Hono } from "hono";
import { messageOf } from "../base/errors.ts";
import type { HttpAddress, HttpHandler, RequestInfo } from "../platform/platform.ts";
import type { ReplayResult } from "../protocol/replay_result.ts";
import type { TraceReader } from "../store/trace_reader.ts";
import { isExpectedHost } from "./expected_host.ts";
import { type ParsedQuery, parseLogQuery, parseTraceQuery } from "./trace_query.ts";
import { parseRequestDetail, toJson, toLogFields, toTraceFields } from "./trace_wire.ts";

/** What became of the wish to replay a request. */
export type ReplayOutcome =
  | { readonly kind: "replayed"; readonly result: ReplayResult }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly message: string };

/** What the admin listener tells about the server, and has it do. */
export interface AdminSource {
  readonly traces: Omit<TraceReader, "close">;
  /** Whether requests are accepted: false from the start of a drain. */
  isReady(): boolean;
  /** What is measured, as Prometheus reads it. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  wallMs(): number;
  /** Sends a captured request again. */
  replay(requestId: string): Promise<ReplayOutcome>;
}

interface Env {
  readonly Bindings: { readonly info: RequestInfo };
}

/** The control side of a server, never reachable through its public port. */
export function createAdmin(source: AdminSource, address: HttpAddress): HttpHandler {
  const app = new Hono<Env>()
    // The process answers: that is all it says.
    .get("/healthz", (c) => c.json({ status: "ok" }))
    .get("/readyz", (c) => {
      const isReady = source.isReady();
      return c.json({ status: isReady ? "ready" : "draining" }, isReady ? 200 : 503);
    })
    .get("/metrics", async (c) => {
      const { contentType, text } = await source.metrics();
      return c.body(text, 200, { "content-type": contentType });
    })
    .get("/traces", async (c) => {
      const query = parseTraceQuery(c.req.query(), source.wallMs());
      if (query.kind === "bad") return refuse(c, query);
      return c.json((await source.traces.traces(query.value)).map(toTraceFields));
    })
    .get("/traces/:id", async (c) => {
      const found = await source.traces.find(c.req.param("id"));
      return found === undefined ? unknown(c) : json(c, parseRequestDetail(found));
    })
    .get("/logs", async (c) => {
      const query = parseLogQuery(c.req.query(), source.wallMs());
      if (query.kind === "bad") return refuse(c, query);
      return c.json((await source.traces.logs(query.value)).map(toLogFields));
    })
    .post("/replay/:requestId", async (c) => {
      // A page in the operator's browser could send this; browsers then name the page.
      if (c.req.header("origin") !== undefined) {
        return c.json({ message: "Cannot replay on behalf of a web page" }, 403);
      }
      c.env.info.waiting();
      const outcome = await source.replay(c.req.param("requestId"));
      if (outcome.kind === "unknown") return unknown(c);
      if (outcome.kind === "refused") return c.json({ message: outcome.message }, 409);
      return json(c, outcome.result);
    })
    .notFound((c) => c.json({ message: "Not Found" }, 404))
    .onError((error, c) => c.json({ message: messageOf(error) }, 500));
  return (request, info) => {
    const host = request.headers.get("host") ?? undefined;
    return isExpectedHost(host, address) ? app.fetch(request, { info }) : refuseHost(host);
  };
}

function refuseHost(host = ""): Response {
  const message = `Cannot use Host "${host}": ask for an IP address, for localhost, or for the ` +
    "host that --admin names";
  return Response.json({ message }, { status: 403 });
}

function json(c: Context, value: unknown): Response {
  return c.body(toJson(value), 200, { "content-type": "application/json" });
}

function unknown(c: Context): Response {
  return c.json({ message: "Cannot find it: no such request or trace is kept" }, 404);
}

function refuse(c: Context, { name, fix }: ParsedQuery<never> & { readonly kind: "bad" }) {
  return c.json({ message: `Cannot use ${name} "${c.req.query(name) ?? ""}": ${fix}` }, 400);
}
