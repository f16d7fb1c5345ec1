import { expect, test } from "bun:test";
import { checkCases, conformance, expectAnswer, type Expectation } from "./cases.ts";

const failed: Expectation = { status: 500, error: "after" };

const results: readonly (readonly [name: string, expected: Expectation])[] = [
  ["authorized", { status: 200, json: { authContext: "undefined" } }],
  ["asynchronous", { status: 200, json: { authContext: { asynchronous: true } } }],
  ["same object", { status: 200, json: { same: true } }],
  ["a string", { status: 200, json: { authContext: "text" } }],
  ["null", { status: 200, json: { authContext: null } }],
  ["unauthorized", { status: 401, json: { message: "Unauthorized" } }],
  ["empty options", { status: 401, json: { message: "Unauthorized" } }],
  ["text body", {
    status: 403,
    text: "Forbidden",
    headers: { "content-type": /^text\/plain; ?charset=utf-8$/i },
  }],
  ["json body", {
    status: 403,
    json: { message: "Forbidden", code: 7 },
    headers: { "content-type": /^application\/json/ },
  }],
  ["body only", { status: 401, text: "who are you?" }],
  ["status only", { status: 404 }],
  ["status 599", { status: 599, text: "odd" }],
  ["status 200", failed],
  ["status 399", failed],
  ["status 600", failed],
  ["status 403.5", failed],
  ["cyclic body", failed],
  ["nothing", failed],
  ["true", failed],
  ["an object", failed],
  ["the function", failed],
  ["the access object", failed],
  ["a copy", failed],
  ["a full copy", failed],
  ["an heir", failed],
  ["a wrapped one", failed],
  ["an array", failed],
  ["throws", failed],
  ["rejects", failed],
];

conformance("authenticate", {}, (server) => {
  checkCases(
    server,
    results.map(([name, expected]) => ({
      does: `returning ${name} gives ${expected.status}`,
      path: `/access?case=${encodeURIComponent(name)}`,
      expect: { ...expected, headers: { "x-trace-id": /^[0-9a-f]{32}$/, ...expected.headers } },
    })),
  );

  test("a result is of no use in another invocation", async () => {
    expectAnswer(await server().fetch("/access?case=keep"), {
      status: 200,
      json: { authContext: { kept: true } },
    });
    expectAnswer(await server().fetch("/access?case=the+kept+one"), failed);
  });

  test("InvalidJsonError gives 500, not 400", async () => {
    const path = "/access?case=throws+bad+JSON";
    expectAnswer(await server().fetch(path, { method: "POST", body: "{" }), failed);
  });

  test("sees the parameters", async () => {
    const send = (token: string) =>
      server().fetch("/access?case=uses+params", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token }),
      });
    expectAnswer(await send("t0ken"), { status: 200, json: { authContext: { user: "t" } } });
    expectAnswer(await send("guess"), { status: 401, json: { message: "Unauthorized" } });
  });

  test("that is missing gives 500", async () => {
    expectAnswer(await server().fetch("/no_authenticate"), failed);
  });

  test("that throws keeps its reason from the client", async () => {
    const answer = await server().fetch("/access?case=throws");
    expect(answer.text).not.toContain("secret");
    await server().untilOutput(/secret reason of authenticate/);
  });

  test("learns about its invocation, and `this` knows the same", async () => {
    const answer = await server().fetch("/context");
    const context = JSON.parse(answer.text);
    const traceId = answer.headers.get("x-trace-id");
    expect(context).toMatchObject({
      traceId,
      requestId: answer.headers.get("x-request-id"),
      attempt: 1,
      hostname: "acme-testing",
      environment: "testing",
      app: "acme",
      task: "context",
      ofThis: true,
      signal: true,
      authContext: { traceId, sameInvocation: true, signal: true },
    });
    expect(context.deadlineInMs).toBeGreaterThan(50_000);
    expect(context.deadlineInMs).toBeLessThanOrEqual(60_000);
  });
});
