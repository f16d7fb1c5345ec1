import { describe, expect, test } from "bun:test";
import { expectAnswer } from "./cases.ts";
import { globexHost } from "./changing_server.ts";
import { RawConnection, statusesOf } from "./raw.ts";
import { startServer, TestServer } from "./server.ts";
import { targets } from "./targets.ts";
import { until } from "./wait.ts";

const apps = ["globex"];
const keptClients = 4;
const newClients = 8;
/** Enough on both servers for one in a thousand to mean something. */
const manyConnections = 1_000;
const maxLostPart = 1 / 1_000;
const longTestMs = 60_000;

/** Clients that ask all the time, some on connections they keep, some on a new one each time. */
class Load {
  readonly #port: number;
  readonly #clients: Promise<unknown>;
  #isOver = false;
  /** Answers on kept connections that were not 200, or did not come. */
  keptFaults: string[] = [];
  keptAnswers = 0;
  newAnswers = 0;
  newLost = 0;

  constructor(port: number) {
    this.#port = port;
    this.#clients = Promise.all([
      ...Array.from({ length: keptClients }, () => this.#askOnKept()),
      ...Array.from({ length: newClients }, () => this.#askOnNew()),
    ]);
  }

  /** Waits for so many more requests on new connections, and for some on kept ones. */
  async more(count: number): Promise<void> {
    const [newGoal, keptGoal] = [this.newAnswers + count, this.keptAnswers + keptClients];
    await until(
      `${count} more answers`,
      () => this.newAnswers >= newGoal && this.keptAnswers >= keptGoal,
      longTestMs / 2,
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#clients;
  }

  /** One request after the other on a connection, until an answer says that it will be closed. */
  async #askOnKept(): Promise<void> {
    while (!this.#isOver) {
      const connection = await RawConnection.open(this.#port);
      let sent = 0;
      let received = "";
      while (!this.#isOver && !/^connection: close\r$/im.test(received)) {
        connection.send(toRequest("keep-alive"));
        sent += 1;
        received = await connection.untilAnswered(sent);
        const statuses = statusesOf(received);
        if (statuses.length === sent && statuses.at(-1) === 200) this.keptAnswers += 1;
        // Until its first answer a connection is as new as any.
        else if (sent === 1 && statuses.length === 0) this.newLost += 1;
        else this.keptFaults.push(`answers ${statuses} to ${sent} requests`);
        if (connection.isClosed) break;
      }
      connection.leave();
    }
  }

  async #askOnNew(): Promise<void> {
    while (!this.#isOver) {
      const received = await this.#askOnce().catch(() => "");
      if (statusesOf(received)[0] === 200) this.newAnswers += 1;
      else this.newLost += 1;
    }
  }

  async #askOnce(): Promise<string> {
    const connection = await RawConnection.open(this.#port);
    connection.send(toRequest("close"));
    return await connection.untilClosed();
  }
}

function toRequest(connection: "keep-alive" | "close"): string {
  return `GET /hello HTTP/1.1\r\nHost: ${globexHost}\r\nConnection: ${connection}\r\n\r\n`;
}

describe.each([...targets])("$name: a server that takes over with --reuse-port", (target) => {
  test("loses nothing on kept connections, and hardly a new one", async () => {
    const former = await startServer(target, { apps, flags: ["--reuse-port"] });
    const flags = ["--reuse-port", `--port=${former.port}`, `--data=${former.dataFolder}`];
    const successor = new TestServer(target, { apps, flags });
    try {
      const load = new Load(former.port);
      await load.more(manyConnections);
      await successor.ready();
      former.signal("SIGTERM");
      expect(await former.exited).toBe(0);
      await load.more(manyConnections);
      await load.stop();
      expect(load.keptFaults).toEqual([]);
      expect(load.newLost / load.newAnswers).toBeLessThanOrEqual(maxLostPart);
      expectAnswer(await successor.fetch("/hello", { host: globexHost }), { status: 200 });
    } finally {
      await successor.stop();
      await former.stop();
    }
  }, longTestMs);
});
