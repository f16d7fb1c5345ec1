import { describe, expect, test } from "bun:test";
import { maxReplyBodyBytes } from "../../runtime/protocol/reply_limits.ts";
import { toTaskModule } from "../../runtime/task/load.ts";
import { runTask } from "../../runtime/task/run.ts";
import { authenticate, callOf, failureOf, replyOf, replyTo, run, scopeOf } from "./support.ts";

const text = { headers: { "content-type": "text/plain" } };
const megabyte = 1024 * 1024;

describe("A Web Response that a handler returns", () => {
  test("is the answer: status, type, headers, body", async () => {
    const headers: [string, string][] = [
      ["content-type", "text/html"],
      ["x-a", "1"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ];
    const reply = await replyTo(() => new Response("<p>é", { status: 201, headers }));
    expect(reply).toMatchObject({
      status: 201,
      contentType: "text/html; charset=utf-8",
      body: "<p>é",
    });
    expect([...reply.headers ?? []].sort()).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-a", "1"],
    ]);
  });

  test("is the whole answer, whatever `response` was told", async () => {
    const reply = await replyTo(({ response }) => {
      response.status(500).header("x-a", "1");
      return new Response("x");
    });
    expect(reply).toMatchObject({ status: 200, headers: undefined, body: "x" });
  });

  test("may be given to response.body()", async () => {
    const reply = await replyTo(({ response }) => void response.body(new Response("x")));
    expect(reply.body).toBe("x");
  });

  test("has its automatic type", async () => {
    expect((await replyTo(() => new Response("x"))).contentType).toMatch(
      /^text\/plain; ?charset=utf-8$/i,
    );
    const json = await replyTo(() => Response.json({ a: 1 }));
    expect(json.contentType).toStartWith("application/json");
    expect(json.body).toBe('{"a":1}');
  });

  test("may be without body and type", async () => {
    const empty = { status: 200, contentType: undefined, headers: undefined, body: "" };
    expect(await replyTo(() => new Response(null))).toEqual(empty);
    expect(await replyTo(() => new Response(null, { status: 204 }))).toEqual({
      ...empty,
      status: 204,
    });
    const redirect = await replyTo(() => Response.redirect("https://x.example/y", 303));
    expect(redirect).toMatchObject({ status: 303, headers: [["location", "https://x.example/y"]] });
  });

  test("loses the headers that the server sets", async () => {
    const headers = {
      "content-encoding": "gzip",
      "content-length": "9",
      "x-trace-id": "a",
      b: "c",
    };
    const reply = await replyTo(() => new Response("x", { headers }));
    expect(reply.headers).toEqual([["b", "c"]]);
  });

  test("keeps a byte order mark of its body", async () => {
    const headers = { "content-type": "text/plain" };
    expect((await replyTo(() => new Response("\ufeffx", { headers }))).body).toBe("\ufeffx");
  });

  test("is illegal with another type", async () => {
    const headers = { "content-type": "image/png" };
    expect(await failureOf(() => new Response("x", { headers }))).toContain(
      'application/json, text/html, text/plain: got "image/png"',
    );
  });

  test("is illegal with a body that is not UTF-8", async () => {
    const headers = { "content-type": "text/plain" };
    const latin1 = new Uint8Array([0xe9]);
    expect(await failureOf(() => new Response(latin1, { headers }))).toContain(
      "Cannot send the body of the Response as it is not UTF-8",
    );
  });

  test.each([["with a type", text], ["without one", {}]])(
    "%s is illegal when its stream is too large, which is then cancelled",
    async (_how, init) => {
      let given = 0;
      const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
      const pull = (controller: ReadableStreamDefaultController) => {
        given += megabyte;
        controller.enqueue(new Uint8Array(megabyte));
      };
      const stream = new ReadableStream({ pull, cancel });
      expect(await failureOf(() => new Response(stream, init))).toContain(
        `as it must be <= ${maxReplyBodyBytes} bytes: got ${64 * megabyte} so far`,
      );
      await cancelled;
      expect(given).toBeLessThan(70 * megabyte);
    },
  );

  test("is illegal with a stream that gives anything but bytes", async () => {
    const start = (controller: ReadableStreamDefaultController) => controller.enqueue({});
    expect(await failureOf(() => new Response(new ReadableStream({ start }), text))).toContain(
      "Cannot read the body of the Response",
    );
  });

  test.each(["image/png", "text/plain; charset=latin1"])(
    "of type %s is illegal before its stream is read, which is cancelled",
    async (type) => {
      let isCancelled = false;
      const stream = new ReadableStream({ cancel: () => void (isCancelled = true) });
      const init = { headers: { "content-type": type } };
      expect(await failureOf(() => new Response(stream, init))).toStartWith("response_illegal");
      expect(isCancelled).toBe(true);
    },
  );

  test.each([["with a type", text], ["without one", {}]])(
    "%s is read no further once its client has left: nobody will get it",
    async (_how, init) => {
      const client = new AbortController();
      const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
      const start = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new Uint8Array([0xc3]));
      const pull = () => client.abort(Object.assign(new Error(), { name: "ClientGone" }));
      const get = () => new Response(new ReadableStream({ start, pull, cancel }), init);
      const module = toTaskModule({ authenticate, get }, "/app/hello.ts");
      const result = await runTask(module, callOf(), scopeOf(client.signal));
      expect(replyOf(result)).toMatchObject({ status: 200, body: "" });
      await cancelled;
    },
  );

  test("is read on when its invocation is overdue: a late answer may be wanted", async () => {
    const overdue = new AbortController();
    overdue.abort(Object.assign(new Error(), { name: "Overdue" }));
    const get = () => new Response("whole", text);
    const module = toTaskModule({ authenticate, get }, "/app/hello.ts");
    const result = await runTask(module, callOf(), scopeOf(overdue.signal));
    expect(replyOf(result).body).toBe("whole");
  });

  test("is illegal when it is no answer", async () => {
    expect(await failureOf(() => Response.error())).toContain("got 0 (error)");
    expect(await failureOf(() => new Response(null, { status: 101 }))).toContain("got 101");
  });

  test("is illegal when its body has been read, or fails", async () => {
    const used = new Response("x");
    await used.text();
    expect(await failureOf(() => used)).toContain("Cannot read the body of the Response");
    const pull = (controller: ReadableStreamDefaultController) =>
      controller.error(new Error("gone"));
    const result = await run({ get: () => new Response(new ReadableStream({ pull })) });
    if (result.kind !== "failed") throw new Error("Cannot go on: the run replied");
    expect(result.failure.code).toBe("response_illegal");
    expect(result.failure.stack).toContain("gone");
  });
});
