import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseMemberPath } from "../../runtime/base/member_path.ts";
import type { CaptureSettings } from "../../runtime/base/task_settings.ts";
import { captureRequest, type CaptureSource, toSecrets } from "../../runtime/gateway/capture.ts";

const all: CaptureSettings = { headers: true, hasBody: true, maxBodyBytes: 65_536, redact: [] };

function redact(...paths: readonly string[]): CaptureSettings {
  const redact = paths.map((path) => {
    const parsed = parseMemberPath(path);
    if (parsed.kind === "bad") throw new Error(parsed.fix);
    return parsed.value;
  });
  return { ...all, redact };
}

function sourceOf(
  { body, ...source }: Partial<Omit<CaptureSource, "body">> & { readonly body?: string },
): CaptureSource {
  return {
    ...{ headers: {}, query: "" },
    ...source,
    body: body === undefined ? undefined : new TextEncoder().encode(body),
  };
}

describe("captureRequest()", () => {
  test("stores what is asked for, as it came", () => {
    const headers = { "content-type": "application/json", "x-a": "1", host: "h" };
    const body = '{ "a": 1e400, "b": 12345678901234567890 }';
    expect(captureRequest(sourceOf({ headers, query: "?a=%20b", body }), all, [])).toEqual({
      headers: [["content-type", "application/json"], ["x-a", "1"], ["host", "h"]],
      query: "?a=%20b",
      contentType: "application/json",
      body,
      redacted: [],
    });
    const few = { ...all, headers: ["x-a"], hasBody: false };
    expect(captureRequest(sourceOf({ headers }), few, [])).toMatchObject({
      headers: [["x-a", "1"]],
      contentType: "application/json",
      body: undefined,
      redacted: [],
    });
  });

  test("never stores credentials, and says so", () => {
    const headers = {
      ...{ authorization: "Bearer s", cookie: "s", "x-api-key": "s", "proxy-authorization": "s" },
      ...{ "x-csrf-token": "s", accept: "*/*" },
    };
    expect(captureRequest(sourceOf({ headers }), all, [])).toMatchObject({
      headers: [["accept", "*/*"]],
      redacted: [
        "header:authorization",
        "header:cookie",
        "header:x-api-key",
        "header:proxy-authorization",
        "header:x-csrf-token",
      ],
    });
  });

  test("leaves out a body that is too large, not asked for, or cannot be looked through", () => {
    const source = sourceOf({ body: "not JSON" });
    for (const settings of [{ ...all, maxBodyBytes: 7 }, { ...all, hasBody: false }, redact("a")]) {
      expect(captureRequest(source, settings, [])).toMatchObject({
        body: undefined,
        redacted: ["body"],
      });
    }
    const deep = sourceOf({ body: "[".repeat(60_000) + "]".repeat(60_000) });
    expect(captureRequest(deep, { ...redact("a"), maxBodyBytes: 2 ** 20 }, []).body)
      .toBeOneOf([undefined, "[".repeat(60_000) + "]".repeat(60_000)]);
  });

  test.each([
    ["$.password", { password: "s", b: 1 }, { password: "[redacted]", b: 1 }],
    ["card", { card: { number: "s" } }, { card: "[redacted]" }],
    ["card.number", { card: { number: "s", of: "x" } }, {
      card: { number: "[redacted]", of: "x" },
    }],
    ["cards.number", { cards: [{ number: "s" }] }, { cards: [{ number: "[redacted]" }] }],
    ["cards[*].number", { cards: [{ number: "s" }] }, { cards: [{ number: "[redacted]" }] }],
    ["cards[1]", { cards: ["a", "s"] }, { cards: ["a", "[redacted]"] }],
    ["*.code", { a: { code: "s" }, b: { code: 1 } }, {
      a: { code: "[redacted]" },
      b: { code: "[redacted]" },
    }],
    ["password", [{ password: "s" }], [{ password: "[redacted]" }]],
    ["a.b", { a: "x", b: "y" }, { a: "x", b: "y" }],
  ])("redacts %p", (path, body, stored) => {
    const captured = captureRequest(sourceOf({ body: JSON.stringify(body) }), redact(path), []);
    expect(JSON.parse(captured.body ?? "")).toEqual(stored);
    const isFound = JSON.stringify(body) !== JSON.stringify(stored);
    expect(captured.redacted).toEqual(isFound ? [`body:${path}`] : []);
  });

  test("redacts parameters of the query that a path names", () => {
    const settings = redact("$.password", "card.number");
    const query = "?a=1&password=s%201&card.number=2&a=3";
    expect(captureRequest(sourceOf({ query }), settings, [])).toMatchObject({
      query: "?a=1&password=%5Bredacted%5D&card.number=%5Bredacted%5D&a=3",
      redacted: ["query:password", "query:card.number"],
    });
  });

  test("keeps a member named __proto__ a member", () => {
    const body = '{"__proto__":{"password":"s"},"a":1}';
    const captured = captureRequest(sourceOf({ body }), redact("x"), []);
    expect(captured.body).toBe(body);
  });

  test("replaces the values of variables wherever they are", () => {
    const secrets = toSecrets({
      KEY: 'top"secret',
      LONG: 'top"secret-2',
      MODE: "1",
      PIN: "123456",
    });
    expect(secrets).toEqual(['top"secret', 'top"secret-2', "123456"]);
    const source = sourceOf({
      headers: { "x-a": 'is top"secret-2!' },
      query: "?k=top%22secret",
      body: JSON.stringify({ 'top"secret': ['a top"secret', 123456, 1] }),
    });
    expect(captureRequest(source, all, secrets)).toMatchObject({
      headers: [["x-a", "is [redacted]!"]],
      query: "?k=%5Bredacted%5D",
      body: '{"[redacted]":["a [redacted]","[redacted]",1]}',
    });
  });
});

describe("what is redacted is not stored", () => {
  /** A value that nothing else in a request could be. */
  const secret = fc.string({ minLength: 4, maxLength: 12, unit: "grapheme" })
    .map((text) => `s3cr${text}t`);
  const name = fc.stringMatching(/^[a-z]{1,4}$/);

  test("whatever surrounds a member that a path leads to", () => {
    fc.assert(fc.property(
      secret,
      fc.array(fc.oneof(name, fc.constant("[]")), { minLength: 1, maxLength: 5 }),
      fc.jsonValue(),
      (secret, steps, other) => {
        const names = steps.filter((step) => step !== "[]");
        if (names.length === 0) return;
        const body = steps.reduceRight<unknown>(
          (inner, step) => step === "[]" ? [other, inner] : { other, [step]: inner },
          { deep: [secret], other },
        );
        const source = sourceOf({ body: JSON.stringify(body), query: `?${names.join(".")}=1` });
        const stored = captureRequest(source, redact(`$.${names.join(".")}`), []);
        expect(deepStrings(stored).some((text) => text.includes(secret))).toBe(false);
        expect(stored.redacted).toContain(`body:$.${names.join(".")}`);
      },
    ));
  });

  test("wherever the value of a variable is, and however it is escaped", () => {
    fc.assert(fc.property(secret, fc.jsonValue(), fc.boolean(), (secret, other, isEscaped) => {
      const json = JSON.stringify({ [secret]: other, a: [`x${secret}y`], b: secret });
      const body = isEscaped ? escapeAll(json) : json;
      const source = sourceOf({
        headers: { "x-a": secret, "content-type": secret },
        query: `?${new URLSearchParams({ a: secret, [secret]: "1" })}`,
        body,
      });
      const stored = captureRequest(source, all, toSecrets({ SECRET: secret }));
      expect(deepStrings(stored).some((text) => text.includes(secret))).toBe(false);
    }));
  });

  /** Every string of a stored request as a reader may come to see it, decoded. */
  function deepStrings(captured: ReturnType<typeof captureRequest>): readonly string[] {
    const { body = "null", query } = captured;
    return [JSON.stringify(captured), ...new URLSearchParams(query).values(), ...strings(captured)]
      .concat(strings(JSON.parse(body)), [...new URLSearchParams(query).keys()]);
  }

  function strings(value: unknown): readonly string[] {
    if (typeof value === "string") return [value];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([name, member]) => [name, ...strings(member)]);
  }

  /** The same JSON, every character of its strings written as an escape. */
  function escapeAll(json: string): string {
    return json.replaceAll(/"(?:[^"\\]|\\.)*"/g, (token) => {
      const text: string = JSON.parse(token);
      const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
      const escapes = units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`);
      return `"${escapes.join("")}"`;
    });
  }
});
