import { describe, expect, test } from "bun:test";
import {
  type Outgoing,
  type ReplyContext,
  toEmptyOutgoing,
  toOutgoing,
  toRejection,
} from "../../runtime/gateway/reply.ts";
import type { Answer } from "../../runtime/invocation/answer.ts";
import type { Failure, Refusal, Reply } from "../../runtime/protocol/call.ts";
import { failureOf, replyOf } from "../invocation/support.ts";

const traceId = "0123456789abcdef0123456789abcdef";
const context: ReplyContext = {
  requestId: "request",
  method: "GET",
  replyHeaders: undefined,
  showErrors: false,
};
const cors = { vary: "Origin", "access-control-allow-origin": "*" };

/** All that leaves: status, headers and body. */
async function sent({ response }: Outgoing) {
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
}

function replied(reply: Partial<Reply>, more: Partial<ReplyContext> = {}): Outgoing {
  const answer: Answer = { kind: "replied", traceId, reply: replyOf("hello", reply) };
  return toOutgoing(answer, { ...context, ...more });
}

function failed(failure: Partial<Failure>, more: Partial<ReplyContext> = {}): Outgoing {
  const answer: Answer = {
    kind: "failed",
    traceId,
    failure: { ...failureOf("secret"), ...failure },
  };
  return toOutgoing(answer, { ...context, ...more });
}

function refused(refusal: Refusal): Outgoing {
  return toOutgoing({ kind: "refused", refusal }, context);
}

describe("a reply", () => {
  test("leaves with its status, type, body and the ids", async () => {
    const outgoing = replied({ status: 201, body: Buffer.from("h\u00e9llo") });
    expect(await sent(outgoing)).toEqual({
      status: 201,
      headers: { "content-type": "text/plain", "x-request-id": "request", "x-trace-id": traceId },
      body: "h\u00e9llo",
    });
    expect(outgoing).toMatchObject({ answer: "delivered", reason: undefined, traceId });
  });

  test.each([200, 204, 304, 404, 500, 599])(
    "of status %d may be empty, without a type",
    async (status) => {
      for (const body of ["", new Uint8Array()]) {
        const leaving = await sent(replied({ status, body, contentType: undefined }));
        expect(leaving).toMatchObject({ status, body: "" });
        expect(leaving.headers).not.toHaveProperty("content-type");
      }
    },
  );

  test("keeps every cookie, and the last of any other header", () => {
    const headers = [["set-cookie", "a=1"], ["x-a", "1"], ["set-cookie", "b=2"], [
      "x-a",
      "2",
    ]] as const;
    const { response } = replied({ headers });
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("x-a")).toBe("2");
  });

  test("has a length of its own in answer to HEAD, where it has no body", async () => {
    const headers = [["content-length", "5"], ["x-a", "1"]] as const;
    for (const [method, length] of [["HEAD", "5"], ["GET", undefined]] as const) {
      const { headers: sentHeaders } = await sent(replied({ headers, body: "" }, { method }));
      expect([sentHeaders["content-length"], sentHeaders["x-a"]]).toEqual([length, "1"]);
    }
  });

  test("has the headers of CORS win, and varies by both", async () => {
    const headers = [["vary", "Accept"], ["access-control-allow-origin", "https://evil"]] as const;
    expect((await sent(replied({ headers }, { replyHeaders: cors }))).headers).toMatchObject({
      vary: "Accept, Origin",
      "access-control-allow-origin": "*",
    });
  });

  test("made of shared memory leaves whole", async () => {
    const body = new Uint8Array(new SharedArrayBuffer(2));
    body.set([104, 105]);
    expect((await sent(replied({ body }))).body).toBe("hi");
  });
});

describe("a failure", () => {
  test("is 500 and tells nothing but the ids", async () => {
    const outgoing = failed({}, { replyHeaders: cors });
    expect(await sent(outgoing)).toEqual({
      status: 500,
      headers: {
        ...cors,
        "content-type": "application/json",
        "x-request-id": "request",
        "x-trace-id": traceId,
      },
      body: JSON.stringify({ message: "Internal Server Error", requestId: "request", traceId }),
    });
    expect(outgoing).toMatchObject({ answer: "delivered", reason: "secret" });
  });

  test("over bad JSON is 400 and tells where", async () => {
    const publicMessage = "Unexpected token at line 1, column 2";
    const { status, body } = await sent(failed({ code: "invalid_json", publicMessage }));
    expect([status, JSON.parse(body).message]).toEqual([400, publicMessage]);
    expect(body).not.toContain("secret");
  });

  test("is shown where errors are", async () => {
    const { body } = await sent(
      failed({ stack: "Error: secret\n at a.ts:1" }, { showErrors: true }),
    );
    expect(JSON.parse(body).error).toEqual({
      code: "handler_failed",
      message: "secret",
      stack: ["Error: secret", " at a.ts:1"],
    });
  });
});

describe("other answers", () => {
  test("no invocation in time is 504, with the last trace if there is one", async () => {
    for (const trace of [traceId, undefined]) {
      const outgoing = toOutgoing({ kind: "timed-out", traceId: trace }, context);
      const { status, headers, body } = await sent(outgoing);
      expect([status, headers["x-trace-id"]]).toEqual([504, trace]);
      expect(JSON.parse(body)).toEqual({
        message: "Gateway Timeout",
        requestId: "request",
        ...(trace ? { traceId: trace } : {}),
      });
      expect(outgoing).toMatchObject({ answer: "timed-out", traceId: trace });
    }
  });

  test.each(
    [
      [{ kind: "queue-full", limit: 5 }, "1"],
      [{ kind: "unavailable", failure: failureOf("secret"), retryAfterMs: 1_001 }, "2"],
      [{ kind: "unavailable", failure: failureOf("secret"), retryAfterMs: 0.1 }, "1"],
      [{ kind: "stopping" }, "1"],
    ] satisfies [Refusal, string][],
  )("%j is 503, to be tried again after %s s", async (refusal, after) => {
    const outgoing = refused(refusal);
    const { status, headers, body } = await sent(outgoing);
    expect([status, headers["retry-after"]]).toEqual([503, after]);
    expect(body).toBe(JSON.stringify({ message: "Service Unavailable", requestId: "request" }));
    expect(outgoing).toMatchObject({ answer: "refused", traceId: undefined });
    expect(outgoing.reason).toBeString();
  });

  test("a client that left is told nothing, and recorded", () => {
    expect(toOutgoing({ kind: "client-left", traceId }, context))
      .toMatchObject({ status: 499, answer: "client-left", traceId });
  });

  test("a rejection carries its own headers, and keeps its reason to itself", async () => {
    const rejection = { status: 405, reason: "secret", headers: { allow: "GET" } } as const;
    const { status, headers, body } = await sent(
      toRejection(rejection, { ...context, replyHeaders: cors }),
    );
    expect(status).toBe(405);
    expect(headers).toMatchObject({ ...cors, allow: "GET", "x-request-id": "request" });
    expect(JSON.parse(body)).toEqual({ message: "Method Not Allowed", requestId: "request" });
  });

  test("an answer of no content is empty, with the request's id", async () => {
    const outgoing = toEmptyOutgoing({ ...cors, allow: "GET" }, context);
    expect(await sent(outgoing)).toEqual({
      status: 204,
      headers: { ...cors, allow: "GET", "x-request-id": "request" },
      body: "",
    });
  });
});
