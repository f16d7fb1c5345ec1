import { describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { conformance, expectAnswer } from "./cases.ts";
import { askHttp2, openTls } from "./http2.ts";
import { statusesOf } from "./raw.ts";
import { startServer, TestServer } from "./server.ts";
import { root, targets } from "./targets.ts";
import { until, untilExists } from "./wait.ts";

/** Self-signed pairs made for these tests only; they are valid for a hundred years. */
const pairs = join(root, "tests/fixtures/tls");
const host = "acme-testing.localhost";
const request = `GET /hello HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

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

  test("HTTP/1.1 without a Host is 400", async () => {
    for (const target of ["/hello", `https://${host}/hello`, `http://${host}/hello`]) {
      const socket = await openTls(server().port, { servername: host });
      const request = `GET ${target} HTTP/1.1\r\nConnection: close\r\n\r\n`;
      expect(statusesOf(await untilClosed(socket, request))).toEqual([400]);
    }
  });

  test("HTTP/1.1 with an empty or a bad Host is 400", async () => {
    for (const bad of ["", "a b", "a,b"]) {
      const socket = await openTls(server().port, { servername: host });
      const request = `GET /hello HTTP/1.1\r\nHost: ${bad}\r\nConnection: close\r\n\r\n`;
      expect(statusesOf(await untilClosed(socket, request))).toEqual([400]);
    }
  });

  test("SIGHUP brings a new certificate and drops no connection", async () => {
    const kept = await openTls(server().port, { servername: host });
    expect(commonName(kept)).toBe("first.localhost");
    expect(await ask(kept)).toContain('{"hello":"world"}');
    install("second", server().folder);
    server().signal("SIGHUP");
    await until("the second certificate", async () => {
      const fresh = await openTls(server().port, { servername: host });
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

function commonName(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

/** Sends a request and returns all that comes until the server closes. */
async function untilClosed(socket: TLSSocket, request: string): Promise<string> {
  let received = "";
  let isClosed = false;
  socket.on("data", (bytes: Buffer) => received += bytes.toString("latin1"));
  socket.once("close", () => isClosed = true);
  socket.write(request);
  await until("the end of a TLS connection", () => isClosed);
  return received;
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

conformance("HTTP/2", {
  flags: (folder) => {
    install("first", folder);
    return [`--tls-cert=${join(folder, "server.crt")}`, `--tls-key=${join(folder, "server.key")}`];
  },
}, (server) => {
  const protocols = ["h2", "http/1.1"];

  test("is spoken on Deno, and not offered elsewhere", async () => {
    const socket = await openTls(server().port, { servername: host, protocols });
    expect(socket.alpnProtocol === "h2").toBe(server().target.name === "deno");
    socket.destroy();
  });

  const get = { ":path": "/hello", ":authority": host };
  const post = { ":method": "POST", ":path": "/echo?part=text", ":authority": host };
  const xml = { "content-type": "application/xml" };

  test.each([
    ["GET", { headers: get }, 200, '{"hello":"world"}'],
    ["the host twice", { headers: { ...get, host } }, 200, '{"hello":"world"}'],
    [
      "the host twice, differently written",
      {
        headers: { ...get, host: `${host.toUpperCase()}.:443` },
      },
      400,
      undefined,
    ],
    ["another host besides", { headers: { ...get, host: "other.localhost" } }, 400, undefined],
    ["an unknown host", { headers: { ...get, ":authority": "other.localhost" } }, 404, undefined],
    ["a body without a length", { headers: post, body: '{"a":1}' }, 200, '{"a":1}'],
    ["that and a host", { headers: { ...post, host }, body: "hi" }, 200, "hi"],
    ["a body of another type", { headers: { ...post, ...xml }, body: "<a/>" }, 415, undefined],
    ["an empty body of another type", { headers: { ...post, ...xml }, body: "" }, 200, ""],
    ["no body", { headers: { ...post, ...xml } }, 200, ""],
  ])("%s", async (_what, request, status, text) => {
    const asked = askHttp2(server().port, request);
    if (server().target.name !== "deno") return await expect(asked).rejects.toThrow();
    const answer = await asked;
    expect(answer.status).toBe(status);
    if (text !== undefined) expect(answer.text).toBe(text);
  });
});
