import { expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { deadline } from "../../runtime/base/deadline.ts";
import { conformance, expectAnswer } from "./cases.ts";
import { root } from "./targets.ts";
import { until } from "./wait.ts";

/** Self-signed pairs made for these tests only; they are valid for a hundred years. */
const pairs = join(root, "tests/fixtures/tls");
const host = "acme-testing.localhost";
const request = `GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const timeoutMs = 10_000;

function install(pair: "first" | "second", folder: string): void {
  copyFileSync(join(pairs, `${pair}.crt`), join(folder, "server.crt"));
  copyFileSync(join(pairs, `${pair}.key`), join(folder, "server.key"));
}

conformance("TLS", {
  flags: (folder) => {
    install("first", folder);
    const file = (name: string) => join(folder, name);
    return [`--tls-cert=${file("server.crt")}`, `--tls-key=${file("server.key")}`];
  },
}, (server) => {
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
