import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";
import { untilInvocation } from "./records.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";

const plain = `import { look } from "./lib/look";
export const authenticate = ({ access }) => access.authorized();
export function get() {
  try {
    look("a secret place");
  } catch (cause) {
    throw new Error("no order", { cause });
  }
}
`;
const library = `export function look(place: string): never {
  throw new TypeError(\`nothing at \${place}\`);
}
`;
const bundled = `interface Access { authorized(): unknown }
export const authenticate = ({ access }: { access: Access }) => access.authorized();

export async function get() {
  const label = "from the bundle";
  await null;
  throw new Error(label);
}
`;

/** An app with a task as it is written, and one that a build has made. */
async function createApp(): Promise<TempFolder> {
  const folder = await createTempFolder({
    "app/tasks/cloudcode.json": JSON.stringify({
      app: "shop",
      version: "1.15",
      tasks: { plain: { web: true }, bundled: { web: true } },
    }),
    "app/tasks/plain.ts": plain,
    "app/tasks/lib/look.ts": library,
    "app/src/bundled.ts": bundled,
  });
  const built = await Bun.build({
    entrypoints: [join(folder.path, "app/src/bundled.ts")],
    outdir: join(folder.path, "app/tasks"),
    minify: true,
    sourcemap: "linked",
  });
  if (!built.success) throw new Error("Cannot build the sample");
  return folder;
}

describe.each([...targets])("$name: the report of an uncaught error", (target) => {
  let folder: TempFolder;
  let server: TestServer;

  beforeAll(async () => {
    folder = await createApp();
    const apps = [join(folder.path, "app/tasks")];
    server = await startServer(target, { apps, flags: ["--log=json"] });
  });

  afterAll(async () => {
    await server.stop();
    await folder[Symbol.asyncDispose]();
  });

  /** Fails a request: what its client sees, and what is reported. */
  async function fail(task: string) {
    const { status, text, headers } = await server.fetch(`/${task}`, {
      host: "shop-testing.localhost",
    });
    const { stack = "" } = await untilInvocation(server, headers.get("x-trace-id"));
    return { status, text, headers, lines: stack.split("\n") };
  }

  test("shows the message, the line that failed, the frames and the causes", async () => {
    const { lines } = await fail("plain");
    const file = join(folder.path, "app/tasks/plain.ts");
    expect(lines.slice(0, 4)).toEqual([
      "Error: no order",
      '    5 |     look("a secret place");',
      "    6 |   } catch (cause) {",
      '  > 7 |     throw new Error("no order", { cause });',
    ]);
    expect(lines[4]).toMatch(/^ {6}\| {11,17}\^$/);
    expect(lines[6]).toContain(`${file}:7:`);
    const cause = lines.indexOf("Caused by: TypeError: nothing at a secret place");
    expect(cause).toBeGreaterThan(6);
    expect(lines[cause + 1]).toContain(`${join(folder.path, "app/tasks/lib/look.ts")}:2:`);
    expect(lines[cause + 2]).toContain(`${file}:5:`);
  });

  test("follows the source map that a build has left", async () => {
    const { lines } = await fail("bundled");
    expect(lines[0]).toBe("Error: from the bundle");
    expect(lines).toContain("  > 7 |   throw new Error(label);");
    const [frame] = lines.filter((line) => /^\s+at /.test(line));
    expect(frame).toContain(`${join(folder.path, "app/src/bundled.ts")}:7:`);
  });

  test.each(["plain", "bundled"])("tells the client of %p the trace ID only", async (task) => {
    const { status, text, headers } = await fail(task);
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({
      message: "Internal Server Error",
      requestId: headers.get("x-request-id"),
      traceId: headers.get("x-trace-id"),
    });
    const shown = [...headers].join("\n");
    for (const secret of ["order", "bundle", "secret", folder.path, ".ts"]) {
      expect(shown).not.toContain(secret);
    }
  });
});
