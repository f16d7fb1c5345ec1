import { Hono } from "hono";
import type { HttpHandler } from "../platform/platform.ts";

/** What the admin listener tells about the server. */
export interface AdminSource {
  /** Whether requests are accepted: false from the start of a drain. */
  isReady(): boolean;
  /** What is measured, as Prometheus reads it. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** The control side of a server, never reachable through its public port. */
export function createAdmin(source: AdminSource): HttpHandler {
  const app = new Hono()
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
    .notFound((c) => c.json({ message: "Not Found" }, 404));
  return (request) => app.fetch(request);
}
