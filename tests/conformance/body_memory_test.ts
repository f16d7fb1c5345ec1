import { expect, test } from "bun:test";
import { settlesWithin } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { statusesOf } from "./raw.ts";
import type { TestServer } from "./server.ts";
import { until } from "./wait.ts";

const mebibyte = 2 ** 20;
const host = "Host: acme-testing.localhost\r\n";
/** A body that finds room is waited for. */
const waitForBodyMs = 300;
const heldTimeoutMs = 20_000;
const noRoom = "the bodies of all requests together would be over";

/** The head of a request with a body of a given length, and all of that body but its last byte. */
function almostWhole(bytes: number): Uint8Array {
  const head = `POST /echo?part=text HTTP/1.1\r\n${host}Content-Length: ${bytes}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes - 1, "x")]);
}

/** Whether a body of so many MiB finds no room, before any of it is sent. */
async function isRefused(server: TestServer, mebibytes: number): Promise<boolean> {
  const connection = await server.connect();
  const length = mebibytes * mebibyte;
  connection.send(`POST /echo HTTP/1.1\r\n${host}Content-Length: ${length}\r\n\r\n`);
  const isAnswered = await settlesWithin(connection.untilAnswered(), waitForBodyMs);
  connection.leave();
  return isAnswered && statusesOf(connection.received)[0] === 503;
}

conformance("the memory for bodies", {
  flags: ["--max-body=50MiB", "--max-body-memory=60MiB"],
}, (server) => {
  test("that is full gives 503 at once, and is free again after the answers", async () => {
    const held = await server().connect();
    held.send(almostWhole(40 * mebibyte));
    await until("that the gateway holds it", () => isRefused(server(), 21), heldTimeoutMs);
    const chunked = await server().connect();
    chunked.send(`POST /echo HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.concat([
      Buffer.from(`${mebibyte.toString(16)}\r\n`),
      Buffer.alloc(mebibyte, "x"),
      Buffer.from("\r\n"),
    ]);
    for (let sent = 0; sent < 21 && !chunked.isClosed; sent += 1) chunked.send(chunk);
    const answer = await chunked.untilAnswered();
    // Deno waits for the rest of a body that it has answered.
    if (server().target.name !== "deno") await chunked.untilClosed();
    chunked.leave();
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/^retry-after: 1\r$/im);
    expectAnswer(await server().fetch("/hello"), { status: 200 });
    held.send("x");
    expect(statusesOf(await held.untilAnswered())).toEqual([200]);
    held.leave();
    expect(await isRefused(server(), 21)).toBe(false);
    expect(server().output).toContain(noRoom);
  });
});
