import { expect, test } from "bun:test";
import { conformance, expectAnswer } from "./cases.ts";

conformance("what a task does after its answer", {}, (server) => {
  const answeredTrace = async (how: string) => {
    const answer = await server().fetch(`/late?how=${encodeURIComponent(how)}`);
    expectAnswer(answer, { status: 200, text: "answered" });
    return answer.headers.get("x-trace-id") ?? "none";
  };

  test("is printed with its trace", async () => {
    const traceId = await answeredTrace("prints");
    await server().untilOutput(new RegExp(`^late trace=${traceId} info \\| printed late$`, "m"));
  });

  test.each(["throws", "throws in a microtask"])(
    "that is: %s, is told with its trace, its place, and that it came late",
    async (how) => {
      const line = `late trace=${await answeredTrace(how)} error \\| `;
      const title = "Error after the end of the invocation: Error: thrown late";
      const excerpt = `(?:${line} .*\n)+`;
      await server().untilOutput(
        new RegExp(`^${line}${title}\n${excerpt}${line} +at .*late\\.ts:\\d+`, "m"),
      );
    },
  );

  test("is cut off at the limit, which is told", async () => {
    const line = `late trace=${await answeredTrace("prints too much")}`;
    await server().untilOutput(
      new RegExp(`^${line} warn \\| dropped 5 more lines of output: the limit is 1000$`, "m"),
    );
    expect(server().output).not.toContain("late line 1001");
  });
});

conformance("what a module does by itself", {}, (server) => {
  test("belongs to no request, though one loads it, and harms none", async () => {
    expectAnswer(await server().fetch("/module_work"), { status: 200, text: "unharmed" });
    for (const text of ["", "'s timer", " later"]) {
      await server().untilOutput(
        new RegExp(`^process \\d+ info \\| said by the module${text}$`, "m"),
      );
    }
    await server().untilOutput(
      /^process \d+ error \| Uncaught error: Error: thrown by the module's timer$/m,
    );
  });
});
