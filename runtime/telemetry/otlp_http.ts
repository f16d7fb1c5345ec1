import type { Send } from "./span_exporter.ts";

/** Where a collector is, and what it wants to see. */
export interface Collector {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends batches to a collector. */
export function sendTo({ url, headers }: Collector): Send {
  return async (body, { signal }) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
      signal,
      // What is sent is for the collector and nobody it points to.
      redirect: "manual",
    });
    const retryAfter = answer.headers.get("retry-after");
    return { status: answer.status, retryAfter, text: await answer.text() };
  };
}
