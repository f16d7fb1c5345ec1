import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Reply } from "../../runtime/protocol/call.ts";
import type { WorkerMessage } from "../../runtime/protocol/messages.ts";
import { parseWorkerMessage, writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { parseContentType } from "../../runtime/task/content_type.ts";
import { IllegalResponse } from "../../runtime/task/illegal_response.ts";
import { parseResponseHeader } from "../../runtime/task/response_header.ts";
import { frameOf } from "./support.ts";

/** What the gateway makes of a reply that a worker sends. */
function received(reply: Partial<Reply>): WorkerMessage {
  const whole: Reply = {
    status: 200,
    contentType: "text/plain",
    headers: undefined,
    body: "hi",
    ...reply,
  };
  return parseWorkerMessage(
    frameOf((writer) => writeWorkerMessage(writer, { kind: "replied", id: 7, reply: whole })),
  );
}

function withHeader(name: string, value = "x"): Partial<Reply> {
  return { headers: [["x-fine", "1"], [name, value]] };
}

const illegal: readonly (readonly [reply: Partial<Reply>, names: string])[] = [
  [withHeader("connection", "keep-alive"), '"connection"'],
  [withHeader("content-encoding", "gzip"), '"content-encoding"'],
  [withHeader("content-length", "0"), '"content-length"'],
  [withHeader("content-type", "image/svg+xml"), '"content-type"'],
  [{ ...withHeader("content-length", "2, 2"), body: "" }, '"content-length"'],
  [{ ...withHeader("content-length", "-1"), body: "" }, '"content-length"'],
  [{ ...withHeader("content-length", ""), body: "" }, '"content-length"'],
  [withHeader("date"), '"date"'],
  [withHeader("keep-alive"), '"keep-alive"'],
  [withHeader("proxy-authenticate"), '"proxy-authenticate"'],
  [withHeader("proxy-connection"), '"proxy-connection"'],
  [withHeader("te", "trailers"), '"te"'],
  [withHeader("trailer"), '"trailer"'],
  [withHeader("transfer-encoding", "chunked"), '"transfer-encoding"'],
  [withHeader("upgrade", "h2c"), '"upgrade"'],
  [withHeader("x-request-id", "forged"), '"x-request-id"'],
  [withHeader("x-trace-id", "forged"), '"x-trace-id"'],
  [withHeader("X-Request-Id", "forged"), '"X-Request-Id"'],
  [withHeader("Transfer-Encoding", "chunked"), '"Transfer-Encoding"'],
  [withHeader(""), '""'],
  [withHeader("a b"), '"a b"'],
  [withHeader("a:b"), '"a:b"'],
  [withHeader("a\r\nb"), '"a\\r\\nb"'],
  [withHeader("é"), '"é"'],
  [withHeader("x".repeat(10_000) + " "), '"xxx'],
  [withHeader("x-a", "a\rb"), '"\\r" in header "x-a"'],
  [withHeader("x-a", "a\nset-cookie: b"), '"\\n" in header "x-a"'],
  [withHeader("x-a", "a\0b"), '"\\u0000" in header "x-a"'],
  [withHeader("x-a", "\x7f"), 'in header "x-a"'],
  [withHeader("set-cookie", "a=\u2028"), 'in header "set-cookie"'],
  [{ contentType: "image/png" }, '"image/png"'],
  [{ contentType: "text/html5" }, '"text/html5"'],
  [{ contentType: "text/javascript" }, '"text/javascript"'],
  [{ contentType: "multipart/x-mixed-replace" }, '"multipart/x-mixed-replace"'],
  [{ contentType: "text/plain, text/html" }, '"text/plain, text/html"'],
  [{ contentType: "text/plain\rx: y" }, '"text/plain\\rx: y"'],
  [{ contentType: "text/plain; a=\0" }, '"text/plain; a=\\u0000"'],
  [{ contentType: "text/plain; a=\u2028" }, '"text/plain; a='],
  [{ contentType: undefined }, "a body without a content type"],
  [{ status: 204 }, "a body with status 204"],
  [{ status: 205 }, "a body with status 205"],
  [{ status: 304 }, "a body with status 304"],
];

describe("a reply that a worker must not make", () => {
  test.each(illegal)("%j fails its invocation", (reply, names) => {
    const message = received(reply);
    expect(message).toMatchObject({ kind: "failed", id: 7, failure: { code: "response_illegal" } });
    const text = message.kind === "failed" ? message.failure.message : "";
    expect(text).toStartWith("Cannot send the reply of a worker: it has ");
    expect(text).toContain(names);
    expect(text.length).toBeLessThan(200);
  });
});

describe("a reply that a worker may make", () => {
  test.each<Partial<Reply>>([
    {},
    { contentType: "application/json" },
    { contentType: "Text/HTML; charset=UTF-8" },
    { contentType: 'text/plain;a="b;c"' },
    { body: "", contentType: undefined },
    { body: "" },
    { status: 204, body: "", contentType: undefined },
    { ...withHeader("content-length", "2"), body: "" },
    withHeader("set-cookie", "a=1; Path=/"),
    withHeader("x-empty", ""),
    withHeader("x-latin", "caf\xe9\t!"),
    withHeader("content-language", "en"),
    withHeader("te2"),
  ])("%j is passed on", (reply) => expect(received(reply).kind).toBe("replied"));

  const token = fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,12}$/);
  const some = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "binary", maxLength: 20 }));
  const type = fc.constantFrom("application/json", "text/html", "TEXT/plain", "text/xml");
  const parameter = fc.tuple(token, fc.oneof(token, some.map((text) => `"${text}"`)))
    .map(([name, value]) => `; ${name}=${value}`);

  test("is every one that a task can set", () => {
    const header = fc.tuple(fc.oneof(token, fc.constantFrom("Date", "proxy-x", "TE")), some);
    const contentType = fc.tuple(type, fc.oneof(fc.constant(""), parameter, some))
      .map((parts) => parts.join(""));
    fc.assert(fc.property(header, contentType, ([name, value], contentType) => {
      const headers = accepted(() => parseResponseHeader(name, value));
      const parsedType = accepted(() => parseContentType(contentType));
      if (headers && headers[0] !== "content-type") {
        expect(received({ headers: [headers] }).kind).toBe("replied");
      }
      if (parsedType) expect(received({ contentType: parsedType }).kind).toBe("replied");
    }));
  });
});

function accepted<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    // Its author is told so, and nothing is sent.
    if (IllegalResponse.is(error)) return undefined;
    throw error;
  }
}
