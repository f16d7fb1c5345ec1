import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { RawConnection, statusesOf } from "./raw.ts";
import { startServer, type TestServer } from "./server.ts";
import { root, targets } from "./targets.ts";

const hookTimeoutMs = 60_000;
const paths = ["/healthz", "/readyz", "/metrics", "/traces", "/traces/x", "/logs", "/nothing"];

/** A port nobody listened on a moment ago: the server does not tell which one it would choose. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.each([...targets])("$name: an admin listener on a port", (target) => {
  let server: TestServer;
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    server = await startServer(target, { flags: [`--admin=127.0.0.1:${port}`] });
  }, hookTimeoutMs);
  afterAll(() => server.stop(), hookTimeoutMs);

  const ask = (path: string, host: string, method = "GET") =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { host } });

  test.each(["127.0.0.1", "127.0.0.1:9000", "10.1.2.3", "[::1]:80", "localhost", "LOCALHOST:80"])(
    "answers under the host %p",
    async (host) => {
      expect((await ask("/healthz", host)).status).toBe(200);
    },
  );

  test.each(["attacker.example", "attacker.example:9000", "127.0.0.1.attacker.example"])(
    "answers nothing under the host %p, which a web page could have lead here",
    async (host) => {
      for (const path of paths) {
        const response = await ask(path, host);
        expect([path, response.status]).toEqual([path, 403]);
        expect(await response.json()).toEqual({
          message: `Cannot use Host "${host}": ask for an IP address, for localhost, or for the ` +
            "host that --admin names",
        });
      }
      expect((await ask("/replay/x", host, "POST")).status).toBe(403);
    },
  );

  test.each([
    ["no host", "HTTP/1.1", ""],
    ["no host, as HTTP/1.0 allows", "HTTP/1.0", ""],
    ["an empty host", "HTTP/1.1", "Host:\r\n"],
    ["two hosts", "HTTP/1.1", "Host: localhost\r\nHost: attacker.example\r\n"],
  ])("answers nothing under %s", async (_name, version, fields) => {
    const connection = await RawConnection.open(port);
    connection.send(`GET /healthz ${version}\r\n${fields}Connection: close\r\n\r\n`);
    const [status] = statusesOf(await connection.untilClosed());
    expect([400, 403]).toContain(status ?? 0);
  });

  test("answers the commands, by whichever name they reach it", async () => {
    for (const name of ["127.0.0.1", "localhost"]) {
      const words = ["logs", `--data=${server.dataFolder}`, `--admin=${name}:${port}`];
      const command = Bun.spawn([...target.command, ...words], { cwd: root, stderr: "pipe" });
      const stderr = await new Response(command.stderr).text();
      expect([await command.exited, stderr]).toEqual([0, ""]);
    }
  });
});

describe.each([...targets])("$name: an admin listener on a socket", (target) => {
  test("answers under any host", async () => {
    const server = await startServer(target);
    try {
      const unix = join(server.dataFolder, "admin.sock");
      const response = await fetch("http://anything.example/healthz", { unix });
      expect(response.status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});
