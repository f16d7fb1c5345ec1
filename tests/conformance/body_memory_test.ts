import { expect, test } from "bun:test";
import { settlesWithin } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { statusesOf } from "./raw.ts";
import type { TestServer } from "./server.ts";
import { until } from "./wait.ts";

const mebibyte = 2 ** 20;
/** A body that finds room is waited for. */
const waitForBodyMs = 300;
const heldTimeoutMs = 20_000;

function headOf(bytes: number): string {
  return `POST /methods HTTP/1.1\r\nHost: acme-testing.localhost\r\nContent-Length: ${bytes}\r\n\r\n`;
}

/** The answer to a body that finds no room, before any of it is sent; undefined when it finds some. */
async function refusalOf(server: TestServer, bytes: number): Promise<string | undefined> {
  const connection = await server.connect();
  connection.send(headOf(bytes));
  const isAnswered = await settlesWithin(connection.untilAnswered(), waitForBodyMs);
  // Deno waits for the rest of a body that it has answered.
  if (isAnswered && server.target.name !== "deno") await connection.untilClosed();
  connection.leave();
  return isAnswered ? connection.received : undefined;
}

conformance("the memory for bodies", {
  flags: ["--max-body=50MiB", "--max-body-memory=60MiB"],
}, (server) => {
  test("that is full gives 503 and closes, and is free again when others are through", async () => {
    const other = 21 * mebibyte;
    expect(await refusalOf(server(), other)).toBeUndefined();
    const held = await server().connect();
    held.send(headOf(40 * mebibyte));
    held.send(Buffer.alloc(40 * mebibyte - 1, "x"));
    const refusal = await until("no room", () => refusalOf(server(), other), heldTimeoutMs);
    expect(statusesOf(refusal)).toEqual([503]);
    expect(refusal).toMatch(/^retry-after: 1\r$/im);
    expect(refusal).toMatch(/^connection: close\r$/im);
    await server().untilOutput(/the bodies of all requests together would be over 62914560 bytes/);
    expectAnswer(await server().fetch("/methods", { method: "POST", body: "x" }), { status: 200 });
    held.leave();
    await until("room", async () => await refusalOf(server(), other) === undefined, heldTimeoutMs);
  });
});
