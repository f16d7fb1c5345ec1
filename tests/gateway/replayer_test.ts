import { describe, expect, test } from "bun:test";
import type { CaptureSettings } from "../../runtime/base/task_settings.ts";
import { Replayer, type StoredRequest } from "../../runtime/gateway/replayer.ts";
import { createGateway } from "./support.ts";

const capture: CaptureSettings = {
  ...{ headers: true, hasBody: true, maxBodyBytes: 1000 },
  redact: [{ text: "$.pin", steps: ["pin"] }],
};

/** A gateway whose task captures, and a replayer in front of it. */
function start(settings: CaptureSettings | undefined = capture) {
  const task = { methods: ["GET", "POST"] as const, settings: { capture: settings } };
  const { gateway, ...rest } = createGateway({ hello: task }, { secrets: ["hunter22"] });
  const replayer = new Replayer({
    ...{ gateway, scheme: "http", domain: "localhost" },
    isServed: (deployment) => deployment === "acme",
  });
  /** The last request, as a store would give it back. */
  const stored = (): StoredRequest => {
    const record = rest.recorder.requests.at(-1);
    if (record === undefined) throw new Error("Cannot find a record");
    return { ...record, captured: record.captured };
  };
  return { ...rest, replayer, stored };
}

const post = {
  method: "POST",
  headers: {
    "content-type": "application/json",
    ...{ authorization: "Bearer x", "x-a": "hunter22", traceparent: "00-1-2-03" },
  },
  body: '{"a":1,"pin":1234}',
};

describe("Replayer", () => {
  test("sends a request again as far as it was stored, and marks it", async () => {
    const { fetch, replayer, stored, recorder, pool } = start();
    await fetch("/hello?q=%20x", post);
    const first = stored();
    expect(first.captured?.body).toBe('{"a":1,"pin":"[redacted]"}');
    const replay = await replayer.replay(first);
    expect(replay).toMatchObject({
      kind: "replayed",
      result: {
        ...{ replayOf: first.requestId, status: 200 },
        redacted: ["header:authorization", "header:x-a", "body:$.pin"],
      },
    });
    const record = recorder.requests.at(-1);
    expect(record).toMatchObject({ replayOf: first.requestId, path: "/hello" });
    expect(record?.requestId).not.toBe(first.requestId);
    const [before, after] = pool.slots.map(({ call }) => call);
    expect(after?.url).toBe("http://acme.localhost/hello?q=%20x");
    expect(after?.url).toBe(before?.url ?? "");
    expect(new TextDecoder().decode(after?.body)).toBe('{"a":1,"pin":"[redacted]"}');
    expect(after?.headers).toEqual({ "content-type": "application/json", "x-a": "[redacted]" });
  });

  test("gives a request without a content type none", async () => {
    const { fetch, replayer, stored, pool } = start();
    await fetch("/hello", { method: "POST", headers: {}, body: new TextEncoder().encode("{}") });
    await replayer.replay(stored());
    expect(pool.slots.at(-1)?.call?.headers).toEqual({});
    await fetch("/hello");
    await replayer.replay(stored());
    expect(pool.slots.at(-1)?.call).toMatchObject({ method: "GET", body: undefined });
  });

  test("refuses what was not captured, and names the setting", async () => {
    const { fetch, replayer, stored } = start();
    await fetch("/hello", post);
    const refuse = async (change: Partial<StoredRequest>) => {
      const replay = await replayer.replay({ ...stored(), ...change });
      return replay.kind === "refused" ? replay.message : "";
    };
    const { captured } = stored();
    if (captured === undefined) throw new Error("Cannot find what was captured");
    expect(await refuse({ captured: undefined })).toContain(
      'it was not captured: set "capture": {"headers": true, "body": true} for task "hello" in ' +
        "cloudcode.json",
    );
    const withoutBody = { ...captured, body: undefined, redacted: ["body"] };
    expect(await refuse({ captured: withoutBody })).toContain('set "body" to true, or raise');
    expect(await refuse({ deployment: "other" })).toContain('"other" is not served here');
    expect(await refuse({ task: undefined })).toContain("no task was found for it");
  });
});

test("Gateway captures nothing by default, and nothing of a request no task gets", async () => {
  const plain = createGateway({ hello: {} });
  await plain.fetch("/hello?a=1", post);
  expect(plain.recorder.requests.at(-1)?.captured).toBeUndefined();
  const { fetch, recorder } = start();
  await fetch("/hello", { method: "PUT" });
  expect(recorder.requests.at(-1)).toMatchObject({ status: 405, captured: undefined });
});
