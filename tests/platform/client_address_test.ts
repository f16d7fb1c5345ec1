import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { onlyPeer } from "../../runtime/platform/only_peer.ts";
import { root } from "../conformance/targets.ts";
import { runtimes } from "./runtimes.ts";

const program = join(import.meta.dir, "address_teller.ts");

/** Neither Bun nor Deno lets a client choose its address. */
const client =
  `require("node:http").get(JSON.parse(process.argv[1]), (got) => got.pipe(process.stdout))`;

describe.each(runtimes)("$name: the address of a client", ({ command }) => {
  test.each([
    ["0.0.0.0", "127.0.0.1", "127.0.0.2", "127.0.0.2"],
    ["0.0.0.0", "127.0.0.1", "127.0.0.1", "127.0.0.1"],
    ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"],
    ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.1"],
  ])(
    "to a listener on %s, asked at %s from %s, is recorded as %s",
    async (listen, host, localAddress, recorded) => {
      await using server = Bun.spawn([...command, program, listen], {
        cwd: root,
        stderr: "inherit",
      });
      const { value } = await server.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
      const request = JSON.stringify({ host, port: Number(value), localAddress });
      await using asking = Bun.spawn(["node", "-e", client, request], { stderr: "inherit" });
      expect(await new Response(asking.stdout).text()).toBe(`${localAddress} ${recorded}`);
    },
  );
});

test.each(
  [
    [{ kind: "tcp", host: "::1", port: 8787 }, "::1"],
    [{ kind: "tcp", host: "localhost", port: 8787 }, undefined],
    [{ kind: "unix", path: "/run/webtaskd.sock" }, undefined],
  ] as const,
)("all peers of %j are recorded as %s", (address, peer) => {
  expect(onlyPeer(address)).toBe(peer);
});
