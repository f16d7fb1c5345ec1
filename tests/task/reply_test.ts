import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { failureOf, replyTo } from "./support.ts";

describe("The body of an answer", () => {
  test("is what the handler returned, which wins over response.body()", async () => {
    expect((await replyTo(({ response }) => (response.body("a"), "b"))).body).toBe("b");
    expect((await replyTo(({ response }) => (response.body("a"), null))).body).toBe("null");
  });

  test("is that of response.body() when nothing is returned", async () => {
    const reply = await replyTo(({ response }) => void response.body({ a: 1 }));
    expect(reply).toMatchObject({ contentType: "application/json", body: '{"a":1}' });
  });

  test("has the automatic type text/plain for a string", async () => {
    for (const text of ["", "hello"]) {
      expect(await replyTo(() => text)).toMatchObject({
        contentType: "text/plain; charset=utf-8",
        body: text,
      });
    }
  });

  test("has the automatic type application/json for anything else", async () => {
    for (const value of [null, false, true, 0, 1.5, [], {}, { a: [null] }]) {
      expect(await replyTo(() => value)).toMatchObject({
        contentType: "application/json",
        body: JSON.stringify(value),
      });
    }
    const date = new Date(0);
    expect((await replyTo(() => ({ date }))).body).toBe('{"date":"1970-01-01T00:00:00.000Z"}');
  });

  test("is sent as it is with an explicit type application/json and a string", async () => {
    const reply = await replyTo(({ response }) => {
      response.contentType("application/json");
      return '{"raw": 1}';
    });
    expect(reply).toMatchObject({ contentType: "application/json", body: '{"raw": 1}' });
  });

  test("is the JSON text of a value that is not a string, whatever the type", async () => {
    const bodyFor = async (value: unknown) =>
      (await replyTo(({ response }) => (response.contentType("text/plain"), value))).body;
    expect(await bodyFor(5)).toBe("5");
    expect(await bodyFor(true)).toBe("true");
    expect(await bodyFor({ a: 1 })).toBe('{"a":1}');
  });

  test("keeps an explicit type when it is empty", async () => {
    expect(await replyTo(({ response }) => void response.contentType("text/html"))).toMatchObject({
      contentType: "text/html; charset=utf-8",
      body: "",
    });
  });

  test("parses back to any JSON value a handler returned", async () => {
    await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => {
      const { body, contentType } = await replyTo(() => value);
      if (typeof value === "string") expect(body).toBe(value);
      else expect(JSON.parse(String(body))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(contentType).toBeDefined();
    }));
  });
});

describe("An illegal body", () => {
  const binaries: readonly (readonly [name: string, value: () => unknown])[] = [
    ["ArrayBuffer", () => new ArrayBuffer(1)],
    ["SharedArrayBuffer", () => new SharedArrayBuffer(1)],
    ["Uint8Array", () => new Uint8Array(1)],
    ["Float64Array", () => new Float64Array(1)],
    ["Buffer", () => Buffer.from("x")],
    ["DataView", () => new DataView(new ArrayBuffer(1))],
    ["Blob", () => new Blob(["x"])],
    ["File", () => new File(["x"], "x.txt")],
  ];

  test.each(binaries)("is binary: %s", async (_name, value) => {
    const expected = "Cannot send binary data as the body: use a string or JSON value";
    expect(await failureOf(value)).toContain(expected);
    expect(await failureOf(({ response }) => void response.body(value()))).toContain(expected);
    expect(await failureOf(({ response }) => (response.contentType("text/plain"), value())))
      .toContain(expected);
  });

  test("is a stream", async () => {
    expect(await failureOf(() => new ReadableStream())).toContain(
      "Cannot send a stream as the body",
    );
    expect(await failureOf(() => (async function* () {})())).toContain("Cannot send a stream");
  });

  test("is a promise that nobody awaits", async () => {
    expect(await failureOf(({ response }) => void response.body(Promise.resolve(1)))).toContain(
      "Cannot send a promise that nobody awaits as the body",
    );
  });

  test("is what JSON.stringify throws on, and the place is named", async () => {
    const cycle: Record<string, unknown> = { items: [{}, { next: {} }] };
    cycle["items"] = [1, { next: cycle }];
    expect(await failureOf(() => cycle)).toBe(
      'response_illegal: Cannot send the answer of task "hello": ' +
        "Cannot send the body as JSON: $.items[1].next refers back to $",
    );
    expect(await failureOf(() => ({ "a b": [0, 5n] }))).toContain('$["a b"][1] is a BigInt');
  });

  test("is what JSON.stringify turns into undefined", async () => {
    expect(await failureOf(() => () => 1)).toContain("$ is a function");
    expect(await failureOf(() => Symbol("x"))).toContain("$ is a symbol");
    expect(await failureOf(() => ({ toJSON: () => undefined }))).toContain(
      "$ is undefined after toJSON()",
    );
  });

  test("is a hostile value, and the runner survives", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await failureOf(({ response }) => void response.body(proxy))).toStartWith(
      "response_illegal: ",
    );
    expect(await failureOf(() => proxy)).toContain("_");
  });
});

describe("A status without body", () => {
  test.each([204, 205, 304])("%d may have no or an empty one, and no type", async (status) => {
    const empty = { status, contentType: undefined, headers: undefined, body: "" };
    expect(await replyTo(({ response }) => void response.status(status))).toEqual(empty);
    expect(await replyTo(({ response }) => (response.status(status), ""))).toEqual(empty);
  });

  test.each([204, 205, 304])("%d with one is illegal", async (status) => {
    for (const body of ["x", null, { a: 1 }]) {
      expect(await failureOf(({ response }) => (response.status(status), body))).toContain(
        `Cannot answer ${status} with a body: return undefined, or use another status`,
      );
    }
  });
});
