import { describe, expect, test } from "bun:test";
import { LogWriter } from "../../runtime/store/log_writer.ts";
import { until } from "../conformance/wait.ts";

const line = `${"x".repeat(1023)}\n`;

/** An output that takes bytes when the test says so. */
function createWriting() {
  const writes: { readonly text: string; readonly taken: PromiseWithResolvers<number> }[] = [];
  const platform = {
    writeSome(_stream: "stdout" | "stderr", bytes: Uint8Array) {
      const taken = Promise.withResolvers<number>();
      writes.push({ text: new TextDecoder().decode(bytes), taken });
      return taken.promise;
    },
  };
  const writer: LogWriter = new LogWriter({
    platform,
    onDropped: (lines) => writer.write(`dropped ${lines}\n`),
  });
  const settle = async (result: "all" | number | Error = "all") => {
    const { text = "", taken } = writes.at(-1) ?? {};
    if (result instanceof Error) taken?.reject(result);
    else taken?.resolve(result === "all" ? text.length : result);
    await new Promise(setImmediate);
  };
  return { writer, texts: () => writes.map(({ text }) => text), settle };
}

describe("LogWriter", () => {
  test("writes at once, and one write after the other, in order", async () => {
    const { writer, texts, settle } = createWriting();
    writer.write("one\n");
    writer.write("two\n");
    writer.write("three\n");
    expect(texts()).toEqual(["one\n"]);
    await settle();
    expect(texts()).toEqual(["one\n", "two\nthree\n"]);
    await settle();
    writer.write("four\n");
    expect(texts().at(-1)).toBe("four\n");
  });

  test("goes on where a write took a part, and tries again where it took nothing", async () => {
    const { writer, texts, settle } = createWriting();
    writer.write("abc\n");
    await settle(1);
    expect(texts()).toEqual(["abc\n", "bc\n"]);
    await settle(0);
    await until("another try", () => texts().length === 3);
    expect(texts()[2]).toBe("bc\n");
    await settle();
    expect(await writer.flush(0)).toBe(true);
  });

  test("drops what a stalled reader leaves no room for, and says so once there is some", async () => {
    const { writer, texts, settle } = createWriting();
    writer.write("first\n");
    for (let count = 0; count < 2_000; count++) writer.write(line);
    writer.write("two\nlines\n");
    await settle();
    expect(texts()).toHaveLength(2);
    expect(texts()[1]).toHaveLength(1024 * 1024);
    await settle();
    expect(texts()[2]).toBe(`dropped ${2_000 - 1024 + 2}\n`);
    await settle();
    writer.write("after\n");
    expect(texts().slice(3)).toEqual(["after\n"]);
  });

  test("survives a reader that has gone, and counts what it did not get", async () => {
    const { writer, texts, settle } = createWriting();
    writer.write("one\n");
    await settle(new Error("EPIPE"));
    expect(texts()).toEqual(["one\n"]);
    writer.write("two\n");
    await settle();
    expect(texts()).toEqual(["one\n", "two\n", "dropped 1\n"]);
  });

  test("flushes what has been written, for as long as it is told to wait", async () => {
    const { writer, settle } = createWriting();
    expect(await writer.flush(1_000)).toBe(true);
    writer.write("one\n");
    expect(await writer.flush(1)).toBe(false);
    const flushed = writer.flush(1_000);
    await settle();
    expect(await flushed).toBe(true);
  });
});
