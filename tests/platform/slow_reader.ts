/**
 * A program for both runtimes: sends numbered frames to a peer that does not read for a while, from
 * the writer's one buffer, and tells what arrived.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platform } from "#platform";
import type { Connection } from "../../runtime/platform/platform.ts";
import { FrameReader, FrameWriter } from "../../runtime/protocol/frames.ts";

/** More than the kernel holds for a socket, in batches that each fill the writer's first buffer. */
const batches = 40;
const batchBytes = 40_000;

const folder = mkdtempSync(join(tmpdir(), "wt-slow-"));
const path = join(folder, "peer.sock");
const events = { onData() {}, onClose() {} };

try {
  platform.writeOut(
    "stdout",
    JSON.stringify({ accepted: await accept(), connected: await connect() }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The gateway's end. */
async function accept(): Promise<string[]> {
  const accepted = Promise.withResolvers<Connection>();
  const listener = await platform.listen(path, (connection) => {
    accepted.resolve(connection);
    return events;
  });
  const peer = createConnection(path).pause();
  const faults = await send(await accepted.promise, peer);
  listener.close();
  return faults;
}

/** The worker's end. */
async function connect(): Promise<string[]> {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, accepted.resolve);
  const peerPath = `${path}.peer`;
  await new Promise<void>((resolve) => void server.listen(peerPath, resolve));
  const connection = await platform.connect(peerPath, events);
  const faults = await send(connection, await accepted.promise);
  server.close();
  return faults;
}

/** Returns what is wrong with what arrived. */
async function send(connection: Connection, peer: Socket): Promise<string[]> {
  const writer = new FrameWriter((bytes) => connection.write(bytes));
  for (let batch = 0; batch < batches; batch++) {
    writer.write(1, batch, { head: "", body: new Uint8Array(batchBytes).fill(batch) });
    writer.flush();
  }
  const [wasHeldUp, faults, seen] = [connection.pendingBytes > 0, new Array<string>(), {
    frames: 0,
  }];
  const reader = new FrameReader(({ id, body }) => {
    const isWhole = id === seen.frames && body.length === batchBytes;
    if (!isWhole || body.some((byte) => byte !== id)) faults.push(`frame ${seen.frames}: ${id}`);
    seen.frames += 1;
  });
  connection.close();
  await new Promise<void>((resolve) => {
    peer.on("data", (bytes: Uint8Array) => reader.push(bytes));
    peer.once("close", () => resolve());
    peer.resume();
  });
  if (!wasHeldUp) faults.push("the peer took all of it at once");
  if (seen.frames !== batches) faults.push(`${seen.frames} of ${batches} frames arrived`);
  return faults;
}
