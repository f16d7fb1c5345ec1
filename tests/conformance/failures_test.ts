import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkCases, conformance, expectAnswer, type Expectation } from "./cases.ts";
import { until } from "./wait.ts";

const failed: Expectation = { status: 500, error: "after" };
const timedOut: Expectation = { status: 504, error: "after" };
const hello: Expectation = { status: 200, json: { hello: "world" } };
/** What must never reach a client: reasons, stacks and paths. */
const leak = /secret|reason| {4}at |\.ts\b|\/fixtures\/|node_modules|file:|Error\b(?!")/;

const failures: readonly (readonly [how: string, expected: Expectation])[] = [
  ["throws", failed],
  ["rejects", failed],
  ["throws a string", failed],
  ["throws null", failed],
  ["throws an object that cannot be printed", failed],
  ["throws a frozen circle", failed],
  ["overflows the stack", failed],
  ["exits", failed],
  ["exits with success", failed],
  ["aborts", failed],
  ["prints", { status: 200, text: "printed" }],
  ["writes to stdout", { status: 200, text: "written" }],
  ["returns a cycle", failed],
  ["throws from a timer", failed],
  ["throws from a microtask", failed],
  ["leaves a rejection", { status: 200, text: "unharmed" }],
  ["throws after its answer", { status: 200, text: "answered" }],
  ["finds its timers in this", { status: 200, json: [true, true, "waited", "promised"] }],
  ["breaks the globals", failed],
];

const overdue = ["never settles", "blocks", "answers late", "never settles"];

conformance("a task", {}, (server) => {
  for (const [how, expected] of failures) {
    test(`that ${how} gives ${expected.status}, and the next request works`, async () => {
      const answer = await server().fetch(`/failing?how=${encodeURIComponent(how)}`);
      expectAnswer(answer, expected);
      if (answer.status === 500) expect(answer.text).not.toMatch(leak);
      expectAnswer(await server().fetch("/hello"), hello);
    });
  }

  test("leaves a line when it cannot even be served", async () => {
    for (const task of ["broken", "unresolved", "no_authenticate"]) {
      await server().untilOutput(new RegExp(`task\\.broken .*task=${task}`));
    }
  });

  for (const how of overdue) {
    test(`that ${how} gives 504 at its timeout, and the next request works`, async () => {
      const started = performance.now();
      const answer = await server().fetch(`/overdue?how=${encodeURIComponent(how)}`);
      const elapsedMs = performance.now() - started;
      expectAnswer(answer, timedOut);
      const traceId = answer.headers.get("x-trace-id");
      for (const event of ["invocation.overdue", "request.unserved"]) {
        await server().untilOutput(new RegExp(`WRN ${event} .*${traceId}`));
      }
      expect(elapsedMs).toBeGreaterThan(390);
      expect(elapsedMs).toBeLessThan(2_500);
      expectAnswer(await server().fetch("/hello"), hello);
    });
  }

  test("that blocks holds up its neighbours no longer than its maxDuration", async () => {
    const started = performance.now();
    const blocked = server().fetch("/overdue?how=blocks");
    const neighbours = Array.from({ length: 20 }, () => server().fetch("/hello"));
    for (const answer of neighbours) expect((await answer).status).toBeOneOf([200, 500]);
    expect(performance.now() - started).toBeLessThan(5_000);
    expectAnswer(await blocked, timedOut);
    expectAnswer(await server().fetch("/hello"), hello);
  });

  test("that exits takes no request down that came after it", async () => {
    const answers = await Promise.all([
      server().fetch("/failing?how=exits"),
      ...Array.from({ length: 5 }, () => server().fetch("/failing?how=throws")),
    ]);
    for (const answer of answers) expectAnswer(answer, failed);
    expectAnswer(await server().fetch("/hello"), hello);
  });

  test("learns by its signal that it is overdue", async () => {
    const file = join(server().folder, "overdue");
    const path = `/overdue?how=notes+its+signal&file=${encodeURIComponent(file)}`;
    expectAnswer(await server().fetch(path), timedOut);
    await until("the reason of the signal", () => existsSync(file) && readFileSync(file, "utf8"));
    expect(readFileSync(file, "utf8")).toBe("Overdue");
  });

  test("that throws is told to the operator with its trace ID and line", async () => {
    const answer = await server().fetch("/failing?how=throws");
    const traceId = answer.headers.get("x-trace-id") ?? "none";
    await server().untilOutput(new RegExp(traceId));
    await server().untilOutput(/secret reason of the task/);
    await server().untilOutput(/failing\.ts:\d+/);
  });

  describe("whose module does not load", () => {
    const methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"];
    checkCases(
      server,
      ["/broken", "/unresolved"].flatMap((path) =>
        methods.map((method) => ({
          does: `gives 500 for ${method} ${path}`,
          path,
          method,
          expect: failed,
        }))
      ),
    );

    test("keeps the reason from the client", async () => {
      for (const path of ["/broken", "/unresolved"]) {
        expect((await server().fetch(path)).text).not.toMatch(leak);
      }
      await server().untilOutput(/secret reason of a module that does not load/);
      await server().untilOutput(/a_secret_file_that_is_missing/);
    });

    test("leaves the others untouched", async () => {
      expectAnswer(await server().fetch("/hello"), hello);
    });
  });
});
