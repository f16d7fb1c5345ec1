import { expect, test } from "bun:test";
import { checkCases, conformance, type Expectation } from "./cases.ts";
import { statusesOf } from "./raw.ts";

const text = { "content-type": /^text\/plain; ?charset=utf-8$/i };
const json = { "content-type": /^application\/json(; ?charset=utf-8)?$/i };
const html = { "content-type": /^text\/html\b/i };
const failed: Expectation = { status: 500, error: "after" };
const none: Expectation["headers"] = { "content-type": undefined };

const answers: readonly (readonly [name: string, expected: Expectation])[] = [
  ["a string", { status: 200, text: "täxt ✓", headers: text }],
  ["an empty string", { status: 200, text: "", headers: text }],
  ["an object", { status: 200, text: '{"a":1,"ü":"✓"}', headers: json }],
  ["an array", { status: 200, text: '[1,null,"x"]', headers: json }],
  ["null", { status: 200, text: "null", headers: json }],
  ["false", { status: 200, text: "false", headers: json }],
  ["true", { status: 200, text: "true", headers: json }],
  ["0", { status: 200, text: "0", headers: json }],
  ["a date", { status: 200, text: '"1970-01-01T00:00:00.000Z"', headers: json }],
  ["toJSON", { status: 200, text: '"short"', headers: json }],
  ["nothing", { status: 200, text: "", headers: none }],
  ["status only", { status: 200, text: "" }],
  ["status 404 only", { status: 404, text: "" }],
  ["status 201", { status: 201, json: { created: true } }],
  ["status 599", { status: 599, text: "odd" }],
  ["status 204", { status: 204, text: "" }],
  ["status 304", { status: 304, text: "" }],
  ["response.body", { status: 200, text: "from body", headers: text }],
  ["response.body of null", { status: 200, text: "null", headers: json }],
  ["both bodies", { status: 200, text: "wins" }],
  ["null over body", { status: 200, text: "null" }],
  ["chained", { status: 201, text: "<p>hi</p>", headers: { ...html, "x-a": "1" } }],
  ["html", { status: 200, text: "<p>ü</p>", headers: html }],
  ["text type", { status: 200, text: "plain", headers: { "content-type": /^text\/plain/ } }],
  ["json string", { status: 200, text: '{"as":"is"}', headers: json }],
  ["json object with type", { status: 200, text: '{"a":1}', headers: json }],
  ["upper-case type", { status: 200, text: "<b>", headers: html }],
  ["a header", { status: 200, headers: { "cache-control": "no-store", etag: '"1"' } }],
  ["Web Response", { status: 202, text: "<i>web</i>", headers: html }],
  ["Response.json", { status: 200, json: { web: true }, headers: { ...json, "x-web": "1" } }],
  ["functions on their own", { status: 202, text: "acme-testing.localhost" }],
  ["empty Web Response", { status: 204, text: "" }],
  ...[
    "type image",
    "type nonsense",
    "type of two lines",
    "array buffer",
    "typed array",
    "blob",
    "stream",
    "a function",
    "a symbol",
    "a bigint",
    "a nested bigint",
    "a cycle",
    "throwing toJSON",
    "status 199",
    "status 100",
    "status 600",
    "status 200.5",
    "status NaN",
    "status text",
    "body on 204",
    "body on 304",
    "image Web Response",
    "connection header",
    "transfer-encoding header",
    "content-length header",
    "upgrade header",
    "keep-alive header",
    "header value of two lines",
    "header name of two lines",
    "header name with a space",
    "header of 70 MiB",
    "endless Web Response",
  ].map((name) => [name, failed] as const),
];

conformance("response", {}, (server) => {
  checkCases(
    server,
    answers.map(([name, expected]) => ({
      does: `${name} gives ${expected.status}`,
      path: `/answer?case=${encodeURIComponent(name)}`,
      expect: {
        ...expected,
        headers: { "x-trace-id": /^[0-9a-f]{32}$/, "x-injected": undefined, ...expected.headers },
      },
    })),
  );

  test("Set-Cookie appends, others replace", async () => {
    const { headers } = await server().fetch("/answer?case=cookies");
    expect(headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
    expect(headers.get("x-twice")).toBe("second");
  });

  test("what was wrong is told to the operator", async () => {
    const answer = await server().fetch("/answer?case=type+image");
    expect(answer.text).not.toContain("image/png");
    await server().untilOutput(/image\/png/);
  });

  test("an answer that is too large fails alone, and says why", async () => {
    const reasons = [["header of 70 MiB", "these headers"], ["endless Web Response", "the body"]];
    for (const [name = "", what] of reasons) {
      const { headers } = await server().fetch(`/answer?case=${encodeURIComponent(name)}`);
      const event = `invocation\\.ended state=FAILED .*trace=${headers.get("x-trace-id")}`;
      await server().untilOutput(
        new RegExp(`${event} .*${what}.* must be <= \\d+ bytes: got \\d+`),
      );
    }
  });

  test("an answer has one length and nothing after it", async () => {
    const answer = await server().raw(
      "GET /hello HTTP/1.1\r\nHost: acme-testing.localhost\r\nConnection: close\r\n\r\n",
    );
    expect(statusesOf(answer)).toEqual([200]);
    expect(answer.match(/^content-length:.*$/gim)).toEqual([expect.stringMatching(/: 17$/)]);
    expect(answer).toEndWith('\r\n\r\n{"hello":"world"}');
  });

  test("HEAD has the length that GET has", async () => {
    for (const path of ["/hello", "/no_such_task"]) {
      const [get, head] = await Promise.all(["GET", "HEAD"].map((method) =>
        server().raw(
          `${method} ${path} HTTP/1.1\r\nHost: acme-testing.localhost\r\nConnection: close\r\n\r\n`,
        )
      ));
      const lengthIn = (answer = "") => answer.toLowerCase().match(/^content-length:.*$/gim);
      expect(lengthIn(head)).toEqual(lengthIn(get));
      expect(lengthIn(head)).not.toEqual([expect.stringMatching(/: 0$/)]);
    }
  });

  test("HEAD and 204 send no body", async () => {
    for (const start of ["HEAD /hello", "GET /answer?case=status+204", "OPTIONS /hello"]) {
      const answer = await server().raw(
        `${start} HTTP/1.1\r\nHost: acme-testing.localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toEndWith("\r\n\r\n");
    }
  });
});
