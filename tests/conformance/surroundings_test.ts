import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTempFolder, type TempFolder } from "../temp_folder.ts";
import { expectAnswer, type Expectation } from "./cases.ts";
import { startServer, type TestServer } from "./server.ts";
import { targets } from "./targets.ts";

const authenticate = "export const authenticate = ({ access }) => access.authorized();\n";
const missing = "a-package-that-is-not-installed";
const failed: Expectation = { status: 500, error: "after" };

/** An app outside of any project, beside files with which a runtime could be configured. */
const app = {
  "cloudcode.json": JSON.stringify({
    app: "acme",
    version: "1.15",
    tasks: Object.fromEntries(["seen", "missing", "later"].map((name) => [name, { web: true }])),
  }),
  "seen.ts": `${authenticate}export const get = () => ({
    preloaded: globalThis.wasPreloaded ?? false,
    variable: process.env.FROM_DOTENV ?? "none",
    defined: typeof FROM_DEFINE,
  });`,
  "missing.ts": `import "${missing}";\n${authenticate}export const get = () => "never";`,
  "later.ts": `${authenticate}export const get = () => import("${missing}");`,
  "bunfig.toml": 'preload = ["./preload.ts"]\n[define]\nFROM_DEFINE = "\\"defined\\""\n',
  "preload.ts": "globalThis.wasPreloaded = true;",
  "deno.json": '{ "imports": { "a-package-that-is-not-installed": "./preload.ts" } }',
  ".env": "FROM_DOTENV=leaked\n",
};

describe.each([...targets])("$name: an app", (target) => {
  const asked: string[] = [];
  const registry = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      asked.push(url);
      return new Response(null, { status: 404 });
    },
  });
  let folder: TempFolder;
  let server: TestServer;

  beforeAll(async () => {
    folder = await createTempFolder(app);
    const names = ["BUN_CONFIG_REGISTRY", "NPM_CONFIG_REGISTRY", "npm_config_registry", "JSR_URL"];
    const flags = names.map((name) => `--env=${name}=${registry.url}`);
    server = await startServer(target, { apps: [folder.path], flags });
  });
  afterAll(async () => {
    await server.stop();
    await registry.stop(true);
    await folder[Symbol.asyncDispose]();
  });

  test("is not configured by files that a runtime would read in its folder", async () => {
    expectAnswer(await server.fetch("/seen"), {
      status: 200,
      json: { preloaded: false, variable: "none", defined: "undefined" },
    });
  });

  test("has no package fetched that is not installed, and its task says which", async () => {
    for (const task of ["missing", "later"]) {
      expectAnswer(await server.fetch(`/${task}`), failed);
      const event = `invocation\\.ended state=FAILED task=${task} `;
      await server.untilOutput(new RegExp(`${event}.*(?:Cannot find package|Import).*${missing}`));
    }
    await server.untilOutput(new RegExp(`task\\.broken .*task=missing .*load.*${missing}`));
    expect(asked).toEqual([]);
  });
});
