import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformance, expectAnswer } from "./cases.ts";
import type { Answer, TestServer } from "./server.ts";
import { until, untilExists } from "./wait.ts";

/** A request to the task `waiting`, which goes on until the test lets it. */
class HeldRequest {
  readonly file: string;
  readonly path: string;

  constructor(server: TestServer, name: string) {
    this.file = join(server.folder, name);
    this.path = `/waiting?file=${encodeURIComponent(this.file)}`;
  }

  started(): Promise<void> {
    return untilExists(`${this.file}.started`);
  }

  /** Why the signal of the run aborted; undefined when it did not. */
  abortReason(): string | undefined {
    const file = `${this.file}.aborted`;
    return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
  }

  release(): void {
    writeFileSync(this.file, "");
  }
}

conformance("a full queue", {
  flags: ["--max=1", "--process-concurrency=1", "--max-queue=1"],
}, (server) => {
  test("gives 503 with Retry-After at once, and what was let in is answered", async () => {
    const first = new HeldRequest(server(), "first");
    const answers: Promise<Answer>[] = [server().fetch(first.path)];
    await first.started();
    const rest = Array.from({ length: 3 }, () => server().fetch("/hello"));
    const refused: Answer[] = [];
    for (const answer of rest) {
      void answer.then((known) => void (known.status === 503 && refused.push(known)));
    }
    // The last of them may be the last to arrive.
    await until("two refusals", () => refused.length === 2);
    for (const answer of refused) {
      expectAnswer(answer, { status: 503, error: "before", headers: { "retry-after": /^\d+$/ } });
    }
    first.release();
    const statuses = (await Promise.all([...answers, ...rest])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 200, 503, 503]);
    expectAnswer(await server().fetch("/hello"), { status: 200 });
  });
});

conformance("concurrency", { apps: ["globex"] }, (server) => {
  const host = "globex-testing.localhost";

  test("one task runs many times at once in a process", async () => {
    const held = Array.from(
      { length: 8 },
      (_, index) => new HeldRequest(server(), `held-${index}`),
    );
    const answers = held.map(({ path }) => server().fetch(path, { host }));
    await Promise.all(held.map((request) => request.started()));
    for (const request of held) request.release();
    for (const answer of answers) expectAnswer(await answer, { status: 200, text: "waited" });
  });

  test("a client that leaves aborts the signal, and the task runs to its end", async () => {
    const held = new HeldRequest(server(), "left");
    const client = new AbortController();
    const gone = server().fetch(held.path, { host, signal: client.signal });
    await held.started();
    client.abort();
    expect(await gone.catch((error) => error.name)).toBe("AbortError");
    await until("the reason", () => held.abortReason() === "ClientGone");
    held.release();
    await untilExists(`${held.file}.ended`);
  });

  test("a client that closes half of its connection counts as gone", async () => {
    const held = new HeldRequest(server(), "half");
    const connection = await server().connect();
    connection.send(`GET ${held.path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await held.started();
    connection.closeSending();
    await until("the reason", () => held.abortReason() === "ClientGone");
    held.release();
    await untilExists(`${held.file}.ended`);
    connection.leave();
  });

  test("an answered request aborts nothing", async () => {
    const held = new HeldRequest(server(), "answered");
    const answer = server().fetch(held.path, { host });
    await held.started();
    held.release();
    expectAnswer(await answer, { status: 200 });
    expectAnswer(await server().fetch("/hello", { host }), { status: 200 });
    expect(held.abortReason()).toBeUndefined();
  });
});
