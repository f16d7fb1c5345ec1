import { describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { deadline } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { startServer, TestServer } from "./server.ts";
import { root, targets } from "./targets.ts";
import { until, untilExists } from "./wait.ts";

/** Self-signed pairs made for these tests only; they are valid for a hundred years. */
const pairs = join(root, "tests/fixtures/tls");
const host = "acme-testing.localhost";
const request = `GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const timeoutMs = 10_000;

function install(pair: "first" | "second", folder: string): void {
  copyFileSync(join(pairs, `${pair}.crt`), join(folder, "server.crt"));
  copyFileSync(join(pairs, `${pair}.key`), join(folder, "server.key"));
}

function flags(folder: string): readonly string[] {
  install("first", folder);
  const file = (name: string) => join(folder, name);
  return [`--tls-cert=${file("server.crt")}`, `--tls-key=${file("server.key")}`];
}

conformance("TLS", { flags }, (server) => {
  test("is served, and the task sees https", async () => {
    expectAnswer(await server().fetch("/hello"), { status: 200, json: { hello: "world" } });
    expectAnswer(await server().fetch("/echo"), {
      status: 200,
      jsonWith: { url: `https://${host}/echo` },
    });
  });

  test("a plain request is refused and the next connection served", async () => {
    const answer = await server().raw(`GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(answer).not.toContain("200 OK");
    expectAnswer(await server().fetch("/hello"), { status: 200 });
  });

  test("SIGHUP brings a new certificate and drops no connection", async () => {
    const kept = await openTls(server().port);
    expect(commonName(kept)).toBe("first.localhost");
    expect(await ask(kept)).toContain('{"hello":"world"}');
    install("second", server().folder);
    server().signal("SIGHUP");
    await until("the second certificate", async () => {
      const fresh = await openTls(server().port);
      const name = commonName(fresh);
      fresh.destroy();
      return name === "second.localhost";
    });
    expect(await ask(kept)).toContain('{"hello":"world"}');
    kept.destroy();
  });
});

describe.each([...targets])("$name: TLS", (target) => {
  test("a second server on the port is refused, as without TLS", async () => {
    const server = await startServer(target, { flags });
    try {
      const second = new TestServer(target, {
        flags: (folder) => [...flags(folder), `--port=${server.port}`],
      });
      try {
        expect(await second.exited).toBe(1);
        expect(second.output).toContain(`Cannot listen on 127.0.0.1:${server.port}`);
      } finally {
        await second.stop();
      }
      expectAnswer(await server.fetch("/hello"), { status: 200 });
    } finally {
      await server.stop();
    }
  });

  test("SIGHUP during a drain opens the port no more", async () => {
    const server = await startServer(target, { flags });
    try {
      const file = join(server.folder, "held");
      const held = server.fetch(`/waiting?file=${encodeURIComponent(file)}`);
      await untilExists(`${file}.started`);
      server.signal("SIGTERM");
      const isClosed = () => server.connect().then((open) => (open.leave(), false), () => true);
      await until("the port closed", isClosed);
      server.signal("SIGHUP");
      await server.untilOutput(/reload\.refused/);
      expect(await isClosed()).toBe(true);
      writeFileSync(file, "");
      expectAnswer(await held, { status: 200 });
      expect(await server.exited).toBe(0);
    } finally {
      await server.stop();
    }
  });
});

async function openTls(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: host, rejectUnauthorized: false });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  await deadline(opened, timeoutMs, { what: "open a TLS connection" });
  return socket;
}

function commonName(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

/** Sends a request on a connection that stays open and returns the answer. */
async function ask(socket: TLSSocket): Promise<string> {
  let received = "";
  const collect = (bytes: Buffer) => received += bytes.toString();
  socket.on("data", collect);
  socket.write(request);
  await until("an answer over TLS", () => received.endsWith('{"hello":"world"}'));
  socket.off("data", collect);
  return received;
}
