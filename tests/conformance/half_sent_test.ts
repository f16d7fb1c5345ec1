import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expectAnswer } from "./cases.ts";
import { statusesOf } from "./raw.ts";
import { startServer, type TestServer } from "./server.ts";
import { type Target, targets } from "./targets.ts";

/** Longer than the gateway lets a connection stand still. */
const standstillMs = 40_000;
const host = "Host: acme-testing.localhost\r\n";

const halves = {
  headers: `GET /counter HTTP/1.1\r\n${host}X-Half: `,
  body: `POST /counter HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nabc`,
  chunks: `POST /counter HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
  "a chunk": `POST /counter HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\na`,
};

/** Deno has no hook for headers that do not go on: a proxy in front has to end those. */
function mustEnd(part: string, target: Target): boolean {
  return part !== "headers" || target.name !== "deno";
}

describe("half-sent requests", () => {
  // At the same time on every target, as each waits for the limit of the gateway.
  for (const target of targets) {
    test.concurrent(`${target.name}: end in bounded time, and nothing runs`, async () => {
      const server = await startServer(target, {
        flags: (folder) => [`--env=RUNS_FILE=${join(folder, "runs")}`],
      });
      try {
        await Promise.all(
          Object.entries(halves).map(([part, bytes]) => sendHalf(server, { part, bytes })),
        );
        expectAnswer(await server.fetch("/hello"), { status: 200, json: { hello: "world" } });
        expect(existsSync(join(server.folder, "runs"))).toBe(false);
      } finally {
        await server.stop();
      }
    }, standstillMs + 30_000);
  }
});

async function sendHalf(
  server: TestServer,
  { part, bytes }: { readonly part: string; readonly bytes: string },
): Promise<void> {
  const connection = await server.connect();
  try {
    connection.send(bytes);
    if (!mustEnd(part, server.target)) return;
    const received = await connection.untilAnswered(1, standstillMs);
    // A body that stops is the gateway's to answer, headers that stop are the runtime's.
    const expected = part === "headers" ? [[], [400], [408]] : [[408]];
    expect(expected).toContainEqual(statusesOf(received));
    // Deno waits for the rest of a body that it has answered.
    if (server.target.name !== "deno") await connection.untilClosed();
  } finally {
    connection.leave();
  }
}
