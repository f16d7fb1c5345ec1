import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createTempFolder } from "../temp_folder.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";
import { TraceProbe } from "./traces.ts";
import { until } from "./wait.ts";

const kills = 7;
const clients = 8;
/** What was answered this long before its gateway was killed must be in the file. */
const keptAfterMs = 100;
const host = "hooli-testing.localhost";
const timeoutMs = 120_000;

/** An answer that a client has got. */
interface Got {
  readonly requestId: string;
  readonly atMs: number;
}

/** Asks again and again until the server is gone, and notes what was answered. */
async function askUntilGone(server: TestServer, got: Got[]): Promise<void> {
  for (;;) {
    try {
      const { headers } = await server.fetch("/hello", { host });
      got.push({ requestId: headers.get("x-request-id") ?? "none", atMs: performance.now() });
    } catch {
      // The end of the server, which is what was waited for.
      return;
    }
  }
}

/** Kills a server once so many answers must be in the file; returns these. */
async function killUnderLoad(server: TestServer, count: number): Promise<readonly string[]> {
  const got: Got[] = [];
  const keptAt = (nowMs: number) => got.filter(({ atMs }) => atMs < nowMs - keptAfterMs);
  const sleeping = server.fetch("/sleeping?ms=60000", { host }).catch(() => undefined);
  const loads = Array.from({ length: clients }, () => askUntilGone(server, got));
  await until(`${count} answers`, () => keptAt(performance.now()).length >= count);
  const killedMs = performance.now();
  server.signal("SIGKILL");
  await Promise.all([server.exited, sleeping, ...loads]);
  return keptAt(killedMs).map(({ requestId }) => requestId);
}

describe.each([...targets])("$name: a gateway that is killed under load", (target) => {
  test("has kept what it had answered, and leaves nothing running", async () => {
    await using folder = await createTempFolder();
    const dataFolder = join(folder.path, "data");
    const options = { apps: ["hooli"], flags: [`--data=${dataFolder}`] };
    await using traces = new TraceProbe(dataFolder);
    let interrupted = 0;
    for (let round = 0; round < kills; round++) {
      const server = await startServer(target, options);
      const kept = await killUnderLoad(server, 50 + round * 100);
      await traces.untilForgotten();
      await server.stop();
      const found = await Promise.all(kept.map((id) => traces.find(id)));
      expect(found.filter((request) => request?.answer !== "delivered").length).toBe(0);
      expect(await traces.traces({ state: "RUNNING" })).toEqual([]);
      interrupted = (await traces.traces({ state: "INTERRUPTED" })).length;
      expect(interrupted).toBeGreaterThan(round);
    }
  }, timeoutMs);

  test("with its recorder is cleared up after by the next one", async () => {
    await using folder = await createTempFolder();
    const dataFolder = join(folder.path, "data");
    const options = { apps: ["hooli"], flags: [`--data=${dataFolder}`] };
    await using traces = new TraceProbe(dataFolder);
    const killed = await startServer(target, options);
    const answer = killed.fetch("/sleeping?ms=60000", { host }).catch(() => undefined);
    const running = await until("what runs", async () => (await traces.traces())[0]);
    expect(running.state).toBe("RUNNING");
    for (const { pid } of killed.recorders) process.kill(pid, "SIGKILL");
    killed.signal("SIGKILL");
    await answer;
    await killed.exited;
    expect((await traces.find(running.traceId))?.invocations[0]?.state).toBe("RUNNING");
    const next = await startServer(target, options);
    const { invocations } = await traces.untilFound(
      running.traceId,
      ({ invocations }) => invocations[0]?.state === "INTERRUPTED",
    );
    expect(invocations[0]?.reason).toContain("its gateway ended");
    await next.stop();
    await killed.stop();
  }, timeoutMs);

  test("leaves alone what another gateway of the folder runs", async () => {
    await using folder = await createTempFolder();
    const dataFolder = join(folder.path, "data");
    const options = { apps: ["hooli"], flags: [`--data=${dataFolder}`] };
    await using traces = new TraceProbe(dataFolder);
    const servers = [await startServer(target, options), await startServer(target, options)];
    const [killed, other] = servers;
    const answers = servers.map((server) =>
      server.fetch("/sleeping?ms=60000", { host }).catch(() => undefined)
    );
    await until("what runs", async () => (await traces.traces({ state: "RUNNING" })).length === 2);
    killed?.signal("SIGKILL");
    await until(
      "what was interrupted",
      async () => (await traces.traces({ state: "INTERRUPTED" })).length === 1,
    );
    expect((await traces.traces({ state: "RUNNING" })).length).toBe(1);
    other?.signal("SIGKILL");
    await Promise.all(answers);
    await traces.untilForgotten();
    expect((await traces.traces({ state: "INTERRUPTED" })).length).toBe(2);
    for (const server of servers) await server.stop();
  }, timeoutMs);
});
