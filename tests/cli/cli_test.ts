import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { runCli } from "../../runtime/cli/cli.ts";
import { createTempFolder } from "../temp_folder.ts";
import { createFakePlatform } from "./fake_platform.ts";

/** Runs a command line to its end. */
async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { platform, stdout, stderr } = createFakePlatform(args, env);
  return { exitCode: await runCli(platform), stdout: stdout(), stderr: stderr() };
}

test("runCli() shows help and exits 2 without a command", async () => {
  const { exitCode, stderr } = await run([]);
  expect(exitCode).toBe(2);
  for (const command of ["serve", "dev", "check", "new", "types"]) {
    expect(stderr).toContain(command);
  }
});

test.each(["--version", "new --version", "serve --version"])(
  "runCli() shows the version for %p",
  async (line) => {
    expect(await run(line.split(" "))).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^webtaskd \d+\.\d+\.\d+ \(bun 0\.0\.0\)\n$/),
    });
  },
);

test("runCli() shows a flag's default and variable in help", async () => {
  const { exitCode, stdout } = await run(["check", "--help"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("--env-file <FILE>");
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("env: WEBTASKD_ENV_FILE");
});

test.each<[readonly string[], string]>([
  [["srve"], "webtaskd: Cannot run this: unknown command 'srve'\n(Did you mean serve?)"],
  [["check", "--jsn"], "unknown option '--jsn'\n(Did you mean --json?)"],
  [["new"], "missing required argument 'name'"],
  [["new", "a", "b", "c"], "too many arguments"],
  [["new", "9a"], 'Cannot use the name "9a"'],
  [["new", "a", "--method", "fetch"], 'Cannot use --method "fetch": give one of get, post'],
  [["check", "--env", "x"], 'Cannot use --env "x": give NAME=value'],
])("runCli() exits 2 for %p", async (args, message) => {
  const { exitCode, stdout, stderr } = await run(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).toContain('Try "webtaskd');
});

test("runCli() warns about it where another setting is refused, too", async () => {
  const env = { WEBTASKD_ENV_FILES: "x" };
  const { exitCode, stderr } = await run(["check", "--env", "x"], env);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("WEBTASKD_ENV_FILES is no setting");
  expect(stderr).toContain("Cannot use --env");
});

test("runCli() has one way to help", async () => {
  const { stdout } = await run(["--help"]);
  expect(stdout).not.toContain("help [command]");
  expect(await run(["help", "serve"])).toMatchObject({ exitCode: 2 });
});

test("runCli() says how to make an app where there is none, and nothing that does not fit", async () => {
  const { exitCode, stderr } = await run(["serve", "/nowhere"]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'webtaskd: Cannot find "/nowhere/cloudcode.json": make one with ' +
      '"webtaskd new hello /nowhere"\n',
  });
});

test("runCli() does not offer to make an app where a file or what cannot be read is in the way", async () => {
  await using folder = await createTempFolder({ "hello.ts": "" });
  const file = join(folder.path, "hello.ts");
  const loop = join(folder.path, "loop");
  await symlink(loop, loop);
  for (const command of ["serve", "dev", "types"]) {
    expect(await run([command, file])).toMatchObject({
      exitCode: 1,
      stderr: `webtaskd: Cannot find "${file}/cloudcode.json": "${file}" is a file: ` +
        "give the app's folder\n",
    });
    const { exitCode, stderr } = await run([command, loop]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith(`webtaskd: Cannot read "${loop}/cloudcode.json": ELOOP: `);
  }
});

test("runCli() warns about a variable that is no setting", async () => {
  const { stderr } = await run(["check", "/nowhere"], { WEBTASKD_ENV_FILES: "x" });
  expect(stderr).toContain('WEBTASKD_ENV_FILES is no setting, did you mean "WEBTASKD_ENV_FILE"?');
});
