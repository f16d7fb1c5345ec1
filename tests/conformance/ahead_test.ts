import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "../temp_folder.ts";
import { expectAnswer } from "./cases.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";

const host = "quick-testing.localhost";
const longTestMs = 60_000;

/** Tells how many of its runs were under way at once, and what an earlier one may have left behind. */
const task = `import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync, existsSync } from "node:fs";

const storage = new AsyncLocalStorage();
let running = 0;
let most = 0;

export const authenticate = ({ access }) => access.authorized();

export async function get({ params: { runs, name, until } }) {
  appendFileSync(runs, name + "\\n");
  const inherited = storage.getStore() ?? null;
  storage.enterWith(name);
  most = Math.max(most, ++running);
  do await new Promise((resolve) => setTimeout(resolve, 1)); while (until && !existsSync(until));
  running -= 1;
  return { most, inherited, pid: process.pid };
}
`;
const files = {
  "cloudcode.json": JSON.stringify({
    app: "quick",
    version: "1.15",
    tasks: { quick: { web: true } },
  }),
  "quick.ts": task,
};

/** Requests of which each is to run once. */
class Runs {
  readonly #server: TestServer;
  readonly #file: string;
  #sent = 0;

  constructor(server: TestServer) {
    this.#server = server;
    this.#file = join(server.folder, "runs");
  }

  async send(until = ""): Promise<{ most: number; inherited: string | null; pid: number }> {
    const query = new URLSearchParams({ runs: this.#file, name: `${++this.#sent}`, until });
    const answer = await this.#server.fetch(`/quick?${query}`, { host });
    expectAnswer(answer, { status: 200 });
    return JSON.parse(answer.text);
  }

  /** Sends many, a number of them at once. */
  async sendMany(count: number, atOnce: number) {
    const answers: Awaited<ReturnType<Runs["send"]>>[] = [];
    const sendOn = async () => {
      for (; count > 0;) {
        count -= 1;
        answers.push(await this.send());
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sendOn));
    return answers;
  }

  expectOnce(): void {
    const names = readFileSync(this.#file, "utf8").trimEnd().split("\n").map(Number);
    const expected = Array.from({ length: this.#sent }, (_, index) => index + 1);
    expect(names.sort((one, other) => one - other)).toEqual(expected);
  }
}

describe.each([...targets])("$name: a process that turns requests over quickly", (target) => {
  const serve = async (flags: readonly string[], run: (server: TestServer) => Promise<void>) => {
    await using app = await createTempFolder(files);
    const server = await startServer(target, { apps: [app.path], flags });
    try {
      await run(server);
    } finally {
      await server.stop();
    }
  };

  test(
    "runs no more of them at once than it has places, each in a context of its own",
    () =>
      serve(["--max=1", "--process-concurrency=3"], async (server) => {
        const runs = new Runs(server);
        const answers = await runs.sendMany(600, 40);
        expect(answers.map(({ inherited }) => inherited).filter((left) => left !== null)).toEqual(
          [],
        );
        expect(Math.max(...answers.map(({ most }) => most))).toBe(3);
        runs.expectOnce();
      }),
    longTestMs,
  );

  test(
    "does not keep those that wait when it is quick no more",
    () =>
      serve(["--max=2", "--process-concurrency=2"], async (server) => {
        const runs = new Runs(server);
        await runs.sendMany(300, 20);
        const mark = join(server.folder, "mark");
        const slow = [runs.send(mark), runs.send(mark)];
        const answers = await Promise.all(Array.from({ length: 20 }, () => runs.send()));
        writeFileSync(mark, "");
        const [first, second] = await Promise.all(slow);
        expect(answers.map(({ pid }) => pid)).not.toContain(first?.pid);
        expect(second?.pid).toBe(first?.pid ?? 0);
        runs.expectOnce();
      }),
    longTestMs,
  );
});
