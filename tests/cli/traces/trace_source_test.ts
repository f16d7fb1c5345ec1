import { describe, expect, test } from "bun:test";
import { RuntimeError } from "../../../runtime/base/errors.ts";
import { follow } from "../../../runtime/cli/traces/follow.ts";
import { LineOutput } from "../../../runtime/cli/traces/line_output.ts";
import { TraceSource } from "../../../runtime/cli/traces/trace_source.ts";
import { FakeTraceReader, sampleRequest } from "../../traces/samples.ts";

class DownReader extends FakeTraceReader {
  isDown = false;

  override find(id: string) {
    if (!this.isDown) return super.find(id);
    return Promise.reject(new RuntimeError("not_reached", "Cannot reach it"));
  }
}

function createSource() {
  const [server, files] = [new DownReader(), new FakeTraceReader()];
  server.requests = [sampleRequest({ status: 201 })];
  files.requests = [sampleRequest({ status: 202 })];
  const told: string[] = [];
  const source = new TraceSource({
    server,
    openFiles: () => Promise.resolve(files),
    onDown: () => void told.push("down"),
  });
  return { server, files, told, find: async () => (await source.find("request-1"))?.status };
}

describe("TraceSource", () => {
  test("asks the server, reads the files while it is down, and returns to it", async () => {
    const { server, files, told, find } = createSource();
    expect(await find()).toBe(201);
    server.isDown = true;
    expect([await find(), await find()]).toEqual([202, 202]);
    expect([files.isClosed, told]).toEqual([true, ["down"]]);
    server.isDown = false;
    expect(await find()).toBe(201);
    server.isDown = true;
    await find();
    expect(told).toEqual(["down", "down"]);
  });

  test("does not hide what a server that answers has to complain about", async () => {
    const { server, find } = createSource();
    server.find = () => Promise.reject(new RuntimeError("admin_failed", "Cannot do it"));
    await expect(find()).rejects.toMatchObject({ code: "admin_failed" });
  });
});

describe("follow()", () => {
  test("goes on after a failure, and ends when nobody cares", async () => {
    let looks = 0;
    await follow(() => {
      looks += 1;
      if (looks === 1) throw new RuntimeError("not_reached", "Cannot reach it");
      return Promise.resolve(looks < 3);
    }, new AbortController().signal);
    expect(looks).toBe(3);
  });

  test("ends at once when it is interrupted", async () => {
    const controller = new AbortController();
    const looking = follow(() => Promise.resolve(true), controller.signal);
    controller.abort();
    await looking;
    expect(controller.signal.aborted).toBe(true);
  });

  test("does not go on after a mistake of its own", async () => {
    const look = () => Promise.reject(new TypeError("x"));
    await expect(follow(look, new AbortController().signal)).rejects.toThrow(TypeError);
  });
});

describe("LineOutput", () => {
  test("writes all, however little is taken at a time", async () => {
    let text = "";
    let calls = 0;
    const output = new LineOutput({
      writeSome(_, bytes) {
        const taken = calls++ % 2 === 0 ? 0 : 1;
        text += new TextDecoder().decode(bytes.subarray(0, taken));
        return Promise.resolve(taken);
      },
    });
    await output.write(["ab", "c"]);
    await output.write([]);
    expect([text, output.isClosed]).toEqual(["ab\nc\n", false]);
  });

  test("ends quietly when its reader goes", async () => {
    const output = new LineOutput({ writeSome: () => Promise.reject(new Error("EPIPE")) });
    await output.write(["a"]);
    expect(output.isClosed).toBe(true);
  });
});
