import { describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer } from "./server.ts";
import { root, type Target, targets } from "./targets.ts";

/** `dev` with a copy of the app `globex`, in a folder whose name has a space. */
class Development implements AsyncDisposable {
  readonly server: TestServer;
  readonly app: string;

  private constructor(server: TestServer, app: string) {
    this.server = server;
    this.app = app;
  }

  static async start(target: Target): Promise<Development> {
    const app = join(mkdtempSync(join(tmpdir(), "wt-dev-")), "my app");
    cpSync(join(root, "tests/fixtures/globex"), app, { recursive: true });
    const flags = (folder: string) => [`--data=${join(folder, "my data")}`];
    const server = await startServer(target, { command: "dev", apps: [app], flags });
    return new Development(server, app);
  }

  save(file: string, text: string): void {
    writeFileSync(join(this.app, file), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    rmSync(join(this.app, ".."), { recursive: true, force: true });
  }
}

const authenticate = "export const authenticate = ({ access }) => access.authorized();\n";

describe.each([...targets])("$name: dev", (target) => {
  test("names the author's file when a save does not load, and says why once", async () => {
    await using dev = await Development.start(target);
    const { server, app } = dev;
    await server.fetch("/hello", { host: "globex-testing.localhost" });
    dev.save("hello.ts", `${authenticate}throw new Error("at the top");`);
    await server.untilOutput(/release\.refused[^]*hello\.ts:2/);
    const printed = server.output.slice(server.output.indexOf("release.refused"));
    expect(printed).toContain(join(app, "hello.ts"));
    expect(printed).not.toContain("releases/");
    expect(printed).not.toContain("runtime/");
    expect(printed.match(/Error: at the top/g)).toHaveLength(1);
    expect(printed).toContain('> 2 | throw new Error("at the top");');
  });

  test("shows the author's own frames to the client, and no others", async () => {
    await using dev = await Development.start(target);
    dev.save("hello.ts", `${authenticate}export async function get() { throw new Error("no"); }`);
    await dev.server.untilOutput(/release\.activated/);
    const { text } = await dev.server.fetch("/hello", { host: "globex-testing.localhost" });
    const { error } = JSON.parse(text);
    const frames = error.stack.filter((line: string) => /^\s+at /.test(line));
    expect(frames).toEqual([expect.stringContaining(join(dev.app, "hello.ts:2"))]);
    expect(error.stack).toContain(
      '  > 2 | export async function get() { throw new Error("no"); }',
    );
  });

  test("prints the address of a task that is new", async () => {
    await using dev = await Development.start(target);
    dev.save("added.ts", authenticate);
    dev.save(
      "cloudcode.json",
      JSON.stringify({ app: "globex", version: "1.15", tasks: { added: { web: true } } }),
    );
    await dev.server.untilOutput(/^ {2}http:\S+\/added$/m);
  });

  test("goes on where the app's folder was taken away and put back", async () => {
    await using dev = await Development.start(target);
    rmSync(dev.app, { recursive: true });
    await dev.server.untilOutput(/release\.refused/);
    cpSync(join(root, "tests/fixtures/globex"), dev.app, { recursive: true });
    dev.save("hello.ts", `${authenticate}export const get = () => "back";`);
    await dev.server.untilOutput(/release\.activated/);
    dev.save("hello.ts", `${authenticate}export const get = () => "and changed";`);
    await dev.server.untilOutput(/release\.activated[^]*release\.activated/);
    const { text } = await dev.server.fetch("/hello", { host: "globex-testing.localhost" });
    expect(text).toBe("and changed");
  });
});
