import { describe, expect, test } from "bun:test";
import { startServer } from "./server.ts";
import { root, targets } from "./targets.ts";
import { until } from "./wait.ts";

const host = "hooli-testing.localhost";

describe.each([...targets])("$name: webtaskd --follow", (target) => {
  test.each(["traces", "logs"])(
    "%s goes on with the server that comes after the first",
    async (command) => {
      const first = await startServer(target, { apps: ["hooli"] });
      const data = `--data=${first.dataFolder}`;
      const child = Bun.spawn([...target.command, command, "--follow", "--json", data], {
        cwd: root,
        env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let seen = "";
      const read = (async () => {
        for await (const bytes of child.stdout) seen += new TextDecoder().decode(bytes);
      })();
      const ids = () => [...seen.matchAll(/"traceId":"([0-9a-f]{32})"/g)].map(([, id]) => id);
      const ask = async (server: typeof first) => {
        const { headers } = await server.fetch("/printing?lines=1&length=9", { host });
        const traceId = headers.get("x-trace-id") ?? "none";
        await until(`trace ${traceId} in the output`, () => ids().includes(traceId));
        return traceId;
      };
      try {
        const before = await ask(first);
        first.signal("SIGTERM");
        await first.exited;
        const second = await startServer(target, { apps: ["hooli"], flags: [data] });
        try {
          const after = await ask(second);
          expect([...new Set(ids())]).toEqual([before, after]);
        } finally {
          await second.stop();
        }
        child.kill("SIGINT");
        await read;
        expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
      } finally {
        child.kill("SIGKILL");
        await first.stop();
      }
    },
  );
});
