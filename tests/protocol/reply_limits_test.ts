import { expect, test } from "bun:test";
import { maxFrameBytes } from "../../runtime/protocol/frames.ts";
import { maxReplyBodyBytes, maxReplyHeaderBytes } from "../../runtime/protocol/reply_limits.ts";
import { writeWorkerMessage } from "../../runtime/protocol/worker_codec.ts";
import { bytesOf } from "./support.ts";

/** As HTTP/1.1 writes it, a header has four bytes beside its name and value. */
const framingBytes = 4;

test.each(
  [
    ["one header, all of it escaped", [["x", '"'.repeat(maxReplyHeaderBytes - 5)]]],
    ["one header, none of it ASCII", [["x", "\xff".repeat(maxReplyHeaderBytes - 5)]]],
    [
      "as many headers as there can be",
      Array.from({ length: maxReplyHeaderBytes / (1 + framingBytes) }, () => ["x", ""] as const),
    ],
  ] as const,
)("the largest body fits into a frame with %s", (_what, headers) => {
  const reply = { status: 200, contentType: undefined, headers, body: "" };
  const { length } = bytesOf((writer) =>
    writeWorkerMessage(writer, { kind: "replied", id: 1, reply })
  );
  expect(length + maxReplyBodyBytes).toBeLessThanOrEqual(maxFrameBytes);
});
