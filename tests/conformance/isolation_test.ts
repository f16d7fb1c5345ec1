import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformance, expectAnswer } from "./cases.ts";
import { descendantsOf } from "./processes.ts";
import { startServer } from "./server.ts";
import { targets } from "./targets.ts";
import { until } from "./wait.ts";

const allowed = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"];

conformance("a worker's environment", {
  env: { SERVER_SECRET: "hidden", BUN_OPTIONS: "", DENO_SECRET: "hidden", TZ: "UTC" },
  flags: (folder) => {
    const file = join(folder, "task.env");
    writeFileSync(file, "FROM_FILE=written down\nGIVEN=loses\n");
    return ["--env=GIVEN=handed over = ü", `--env-file=${file}`];
  },
}, (server) => {
  test("is an allow-list and what the deployment gives", async () => {
    const { names, given, file } = JSON.parse((await server().fetch("/environment")).text);
    const own = names.filter((name: string) => !allowed.includes(name));
    expect(own).toEqual(["FROM_FILE", "GIVEN"]);
    expect({ given, file }).toEqual({ given: "handed over = ü", file: "written down" });
  });
});

describe.each([...targets])("$name: the processes of a server", (target) => {
  /** Root may look into any process: here it gives up all it may do beyond other users. */
  const unprivileged = process.getuid?.() === 0
    ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    : [];
  const read = (file: string) =>
    Bun.spawnSync([...unprivileged, "head", "-c1", file]).stdout.toString();

  test("cannot be looked into by others of the same user", async () => {
    const server = await startServer({ ...target, command: [...unprivileged, ...target.command] });
    try {
      await server.fetch("/hello");
      const workers = descendantsOf(server.pid).map(({ pid }) => pid);
      expect(workers).not.toBeEmpty();
      const secretsOf = (pid: number) => [`/proc/${pid}/environ`, `/proc/${pid}/maps`];
      for (const file of workers.flatMap(secretsOf)) {
        // One that has just been started is open until it runs.
        await until(`${file} closed`, () => read(file) === "");
      }
      for (const file of [server.pid, ...workers].flatMap(secretsOf)) {
        expect({ file, text: read(file) }).toEqual({ file, text: "" });
      }
      expect(read("/proc/self/environ")).not.toBe("");
    } finally {
      await server.stop();
    }
  });
});

conformance("a task that replaces what all code of its process uses", {}, (server) => {
  test("cannot get hold of the connection to the gateway", async () => {
    expectAnswer(await server().fetch("/replacing"), { status: 200, json: [] });
  });

  test("changes no answer of other tasks", async () => {
    const replaced = { method: "POST" };
    const loaded = [
      ["/hello", { status: 200, json: { hello: "world" } }],
      ["/module_work", { status: 200, text: "unharmed" }],
      ["/answer?case=Web+Response", { status: 202, text: "<i>web</i>" }],
      ["/answer?case=cookies", { status: 200 }],
      ["/failing?how=throws", { status: 500, error: "after" }],
    ] as const;
    for (const [path, expected] of loaded) expectAnswer(await server().fetch(path), expected);
    expectAnswer(await server().fetch("/replacing", replaced), { status: 200, text: "replaced" });
    for (const [path, expected] of loaded) expectAnswer(await server().fetch(path), expected);
    const body = '{"a":1}';
    const headers = { "content-type": "application/json" };
    const echo = await server().fetch("/echo?part=json", { method: "POST", headers, body });
    expectAnswer(echo, { status: 200, json: { a: 1 } });
    const said = await server().fetch("/environment?say=after+the+change");
    const traceId = said.headers.get("x-trace-id");
    await server().untilOutput(new RegExp(`trace=${traceId} info \\| said after the change$`, "m"));
  });
});

conformance("a task's output", { flags: ["--log-level=info"] }, (server) => {
  test("goes to the server's output, each line with its own trace ID", async () => {
    const says = async (word: string) => {
      const answer = await server().fetch(`/environment?say=${word}`);
      return { word, traceId: JSON.parse(answer.text).traceId };
    };
    for (const { word, traceId } of await Promise.all(["one", "two", "three"].map(says))) {
      const line = new RegExp(`^.*(?:said ${word}.*${traceId}|${traceId}.*said ${word}).*$`, "m");
      await server().untilOutput(line);
      await server().untilOutput(new RegExp(`complained ${word}`));
    }
  });

  test("cannot forge a line of the server", async () => {
    const forged = encodeURIComponent("x\nwebtaskd listening on http://evil.example");
    await server().fetch(`/environment?say=${forged}`);
    await server().untilOutput(/said x/);
    expect(server().output).not.toMatch(/^webtaskd listening on http:\/\/evil/m);
  });
});

conformance("a server with a data folder", {}, (server) => {
  test("answers health questions on its admin socket only", async () => {
    const unix = join(server().dataFolder, "admin.sock");
    for (const path of ["/healthz", "/readyz"]) {
      expect((await fetch(`http://localhost${path}`, { unix })).status).toBe(200);
      expect((await server().fetch(path)).status).toBe(404);
    }
  });

  test("keeps what it writes from other users", async () => {
    const mode = async (path: string) => (await Bun.file(path).stat()).mode & 0o777;
    expect(await mode(server().dataFolder)).toBe(0o700);
    expect(await mode(join(server().dataFolder, "admin.sock"))).toBe(0o600);
  });
});
