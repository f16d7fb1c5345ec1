import { describe, expect, test } from "bun:test";
import { maxReplyHeaderBytes } from "../../runtime/protocol/reply_limits.ts";
import type { HandlerArguments } from "../../runtime/task/types.ts";
import { failureOf, replyTo, run } from "./support.ts";

describe("response", () => {
  test("is chainable", async () => {
    const reply = await replyTo(({ response }) => {
      response.status(201).contentType("text/html").header("X-A", "1").body("<p>");
    });
    expect(reply).toEqual({
      status: 201,
      contentType: "text/html; charset=utf-8",
      headers: [["x-a", "1"]],
      body: "<p>",
    });
  });

  test("has functions that work without it", async () => {
    const reply = await replyTo(({ response: { status, contentType, header, body } }) => {
      status(201);
      contentType("text/html");
      header("X-A", "1").header("X-B", "2");
      body("<p>");
    });
    expect(reply).toEqual({
      status: 201,
      contentType: "text/html; charset=utf-8",
      headers: [["x-a", "1"], ["x-b", "2"]],
      body: "<p>",
    });
  });

  test("may be left alone: status 200, no type, no body", async () => {
    const empty = { status: 200, contentType: undefined, headers: undefined, body: "" };
    expect(await replyTo(() => undefined)).toEqual(empty);
    expect(await replyTo(({ response }) => void response.status(200))).toEqual(empty);
  });

  test("does not change after the handler has ended", async () => {
    let late = () => {};
    const reply = await replyTo(({ response }) => {
      response.header("a", "1");
      late = () => void response.status(500).body("late").header("a", "2").header("b", "2");
      return "in time";
    });
    late();
    expect(reply).toMatchObject({ status: 200, headers: [["a", "1"]], body: "in time" });
  });
});

describe("response.status()", () => {
  test.each([200, 201, 404, 418, 599])("accepts %d", async (code) => {
    expect((await replyTo(({ response }) => void response.status(code))).status).toBe(code);
  });

  test.each([100, 101, 199, 600, 200.5, NaN, Infinity, -1])("refuses %d", async (code) => {
    expect(await failureOf(({ response }) => response.status(code))).toContain(
      `as it must be an integer from 200 to 599: got ${code}`,
    );
  });

  test("refuses a number in a string", async () => {
    const failure = await failureOf(({ response }) =>
      Reflect.apply(response.status, response, ["200"])
    );
    expect(failure).toContain("an integer from 200 to 599: got string");
  });
});

describe("response.contentType()", () => {
  const accepted: readonly (readonly [type: string, sent: string])[] = [
    ["application/json", "application/json"],
    ["application/json; charset=UTF-8", "application/json; charset=UTF-8"],
    ["Application/JSON;profile=x", "Application/JSON;profile=x"],
    ["text/html", "text/html; charset=utf-8"],
    [" text/html ; ", "text/html; charset=utf-8"],
    ["TEXT/HTML; Charset=utf8", "TEXT/HTML; Charset=utf8"],
    ['text/plain;charset="utf-8"', 'text/plain;charset="utf-8"'],
    ['text/plain; a="b;c"', 'text/plain; a="b;c"; charset=utf-8'],
  ];

  test.each(accepted)("sends %j as %j", async (type, sent) => {
    expect((await replyTo(({ response }) => void response.contentType(type))).contentType).toBe(
      sent,
    );
  });

  test.each([
    "",
    "html",
    "text/xml",
    "text/css",
    "image/png",
    "application/octet-stream",
    "application/problem+json",
    "text/html, text/plain",
    "text/html; charset",
    "text/html\r\nx: y",
    "text/html\n",
    'text/html; a="\n"',
    "text/html; a=ü",
  ])("refuses %j", async (type) => {
    expect(await failureOf(({ response }) => response.contentType(type))).toContain(
      "as it must be application/json, text/html, text/plain: got " + JSON.stringify(type),
    );
  });

  test.each([
    "text/html; charset=latin1",
    "application/json;charset=utf-16",
    "text/plain;charset=",
  ])(
    "refuses the charset of %j",
    async (type) => {
      expect(await failureOf(({ response }) => response.contentType(type))).toStartWith(
        "response_illegal: ",
      );
    },
  );

  test("takes time that grows only with the length of the type", async () => {
    const type = "text/html" + ";  ".repeat(10_000) + "\0";
    expect(await failureOf(({ response }) => response.contentType(type))).toContain("got");
  });
});

describe("the headers of a response", () => {
  /** With the colon, the blank and the end of the line. */
  const bytesOfX = "x".length + 4;
  const longest = "v".repeat(maxReplyHeaderBytes - bytesOfX);
  const refusal = (got: number) =>
    `Cannot answer with these headers as all of them must be <= ${maxReplyHeaderBytes} bytes: ` +
    `got ${got}`;

  test("may come to so many bytes in all, replaced ones not counted", async () => {
    const reply = await replyTo(({ response }) =>
      void response.header("x", longest).header("x", longest)
    );
    expect(reply.headers).toEqual([["x", longest]]);
  });

  test("are refused beyond, at the one that is too many", async () => {
    const failure = await failureOf(({ response }) => response.header("x", `${longest}v`));
    expect(failure).toStartWith("response_illegal: ");
    expect(failure).toContain(refusal(maxReplyHeaderBytes + 1));
    expect(await failureOf(({ response }) => response.header("x", longest).header("y", "")))
      .toContain(refusal(maxReplyHeaderBytes + bytesOfX));
    const cookies = await failureOf(({ response }) => {
      for (;;) response.header("Set-Cookie", "a".repeat(1000));
    });
    expect(cookies).toContain("Cannot answer with these headers");
  });

  test("are refused beyond with their content type, whichever comes last", async () => {
    const type = "application/json";
    const got = maxReplyHeaderBytes + type.length;
    expect(await failureOf(({ response }) => response.header("x", longest).contentType(type)))
      .toContain(refusal(got));
    expect(await failureOf(({ response }) => response.contentType(type).header("x", longest)))
      .toContain(refusal(got));
    expect(await failureOf(({ response }) => response.contentType(`${type}; a=${longest}`)))
      .toContain("Cannot answer with these headers");
  });

  test("are refused beyond in a Web Response, too", async () => {
    const headers = { "content-type": "text/plain", x: longest };
    expect(await failureOf(() => new Response("x", { headers }))).toContain(
      "Cannot answer with these headers",
    );
  });
});

describe("response.header()", () => {
  test("adds Set-Cookie and replaces others, names in any case", async () => {
    const reply = await replyTo(({ response }) => {
      response.header("X-A", "1").header("Set-Cookie", "a=1").header("x-a", "2");
      response.header("set-cookie", "b=2").header("Retry-After", 120);
    });
    expect(reply.headers).toEqual([
      ["set-cookie", "a=1"],
      ["x-a", "2"],
      ["set-cookie", "b=2"],
      ["retry-after", "120"],
    ]);
  });

  test("hands Content-Type to contentType()", async () => {
    const reply = await replyTo(({ response }) =>
      void response.header("content-type", "text/html")
    );
    expect(reply).toMatchObject({ contentType: "text/html; charset=utf-8", headers: undefined });
    expect(await failureOf(({ response }) => response.header("Content-Type", "image/png")))
      .toContain("Cannot answer with this content type");
  });

  test.each([
    "Connection",
    "keep-alive",
    "Proxy-Authenticate",
    "proxy-connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Content-Length",
    "content-encoding",
    "Date",
    "X-Request-Id",
    "X-Trace-Id",
  ])("refuses %s, which the server sets", async (name) => {
    expect(await failureOf(({ response }) => response.header(name, "x"))).toContain(
      `Cannot set header "${name}" as the server sets it`,
    );
  });

  test.each(["", "a b", "a:b", "ü", "a\r\nb", "a\0"])("refuses name %j", async (name) => {
    expect(await failureOf(({ response }) => response.header(name, "x"))).toContain(
      `as its name is invalid: got ${JSON.stringify(name)}`,
    );
  });

  test.each(["\r", "\n", "\0", "\x7f", "€", "\u{1f600}"])("refuses %j in a value", async (bad) => {
    for (const value of [`x${bad}y`, `x${bad}`, bad]) {
      expect(await failureOf(({ response }) => response.header("x-a", value))).toContain(
        'Cannot set header "x-a" as a header cannot hold',
      );
    }
  });

  test("accepts Latin-1 and tabs in a value", async () => {
    const reply = await replyTo(({ response }) => void response.header("x-a", " caf\u00e9\tx "));
    expect(reply.headers).toEqual([["x-a", "café\tx"]]);
  });

  test("refuses a value that is no text", async () => {
    const failure = await failureOf(({ response }) =>
      Reflect.apply(response.header, response, ["x-a", undefined])
    );
    expect(failure).toContain('Cannot set header "x-a" to undefined: use a string');
  });

  test("fails with the stack of the author's call", async () => {
    const result = await run({
      get: function theAuthorsHandler({ response }: HandlerArguments) {
        response.header("Connection", "close");
      },
    });
    if (result.kind !== "failed") throw new Error("Cannot go on: the run replied");
    expect(result.failure.code).toBe("response_illegal");
    expect(result.failure.stack).toContain("theAuthorsHandler");
    expect(result.failure.stack).toContain("response_test.ts");
  });

  test("throws a TypeError that the author may catch", async () => {
    const reply = await replyTo(({ response }) => {
      try {
        response.header("Connection", "close");
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    expect(reply.body).toBe("true");
  });
});
