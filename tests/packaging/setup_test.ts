import { expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };

const setupCommand = "sh runtime/packaging/setup.sh";
const script = join(import.meta.dir, "../../runtime/packaging/setup.sh");
const programs = ["sh", "cat", "mktemp", "rm", "touch", "dirname", "mkdir"];

/** A clone without packages, on a machine that has nothing but the commands it is given. */
class Clone implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "wt-"));
  readonly #bin = join(this.path, "machine");

  constructor() {
    mkdirSync(join(this.path, "runtime/packaging"), { recursive: true });
    cpSync(script, join(this.path, "runtime/packaging/setup.sh"));
    for (const list of ["package.json", "package-lock.json"]) this.age(list, "{}");
    mkdirSync(this.#bin);
    for (const name of programs) symlinkSync(Bun.which(name) ?? "", join(this.#bin, name));
  }

  /** Writes a file of a minute ago. */
  age(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
    const then = Date.now() / 1000 - 60;
    utimesSync(join(this.path, file), then, then);
  }

  /** Adds a command that notes its arguments in `calls`. */
  command(name: string, script: string): void {
    const file = join(this.#bin, name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> "${this.path}/calls"\n${script}\n`);
    chmodSync(file, 0o755);
  }

  setup() {
    const run = Bun.spawnSync(["sh", join(this.path, "runtime/packaging/setup.sh")], {
      env: { PATH: this.#bin, TMPDIR: this.path },
    });
    return { exitCode: run.exitCode, output: `${run.stdout}${run.stderr}` };
  }

  get calls(): string[] {
    const file = join(this.path, "calls");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(" ")[0] ?? "");
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const install = `mkdir -p node_modules/.bin
printf '#!/bin/sh\\n' > node_modules/.bin/bun
/bin/chmod +x node_modules/.bin/bun
echo noise`;

test("setup installs once, and says so in one line", () => {
  using clone = new Clone();
  clone.command("npm", install);
  expect(clone.setup()).toEqual({
    exitCode: 0,
    output: "webtaskd setup: installing packages with npm\n",
  });
  expect(clone.setup()).toEqual({ exitCode: 0, output: "" });
  expect(clone.calls).toEqual(["npm"]);
});

test("setup installs again when a list of packages is newer", () => {
  using clone = new Clone();
  clone.command("npm", install);
  clone.setup();
  clone.age("node_modules/.webtaskd-setup", "");
  writeFileSync(join(clone.path, "package.json"), "{}");
  clone.setup();
  expect(clone.calls).toEqual(["npm", "npm"]);
});

test("setup takes what a plain `npm install` left", () => {
  using clone = new Clone();
  clone.command("npm", install);
  mkdirSync(join(clone.path, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(clone.path, "node_modules/.package-lock.json"), "{}");
  writeFileSync(join(clone.path, "node_modules/.bin/bun"), "#!/bin/sh\n", { mode: 0o755 });
  expect(clone.setup()).toEqual({ exitCode: 0, output: "" });
  expect(clone.calls).toEqual([]);
});

test.each([["bun"], ["deno"]])("setup installs with %s where there is no npm", (name) => {
  using clone = new Clone();
  clone.command(name, install);
  expect(clone.setup().exitCode).toBe(0);
  expect(clone.calls).toEqual([name]);
});

test("setup shows what the package manager said when it fails", () => {
  using clone = new Clone();
  clone.command("npm", "echo reason; exit 7");
  const { exitCode, output } = clone.setup();
  expect(exitCode).not.toBe(0);
  expect(output).toContain("reason\n");
  expect(existsSync(join(clone.path, "node_modules/.webtaskd-setup"))).toBe(false);
});

test("setup links a runtime whose install script did not run", () => {
  using clone = new Clone();
  clone.command("npm", "mkdir -p node_modules/bun && echo > node_modules/bun/install.js");
  clone.command("node", install);
  const { exitCode, output } = clone.setup();
  expect({ exitCode, calls: clone.calls }).toEqual({ exitCode: 0, calls: ["npm", "node"] });
  expect(output).toContain('linking the runtime of the npm package "bun"');
});

test("setup says what to do on a machine that has nothing", () => {
  using clone = new Clone();
  const { exitCode, output } = clone.setup();
  expect(exitCode).toBe(1);
  expect(output).toContain("Cannot install packages");
});

test("every npm script of a fresh clone begins with the setup", () => {
  const scripts: Readonly<Record<string, string>> = packageJson.scripts;
  const commands = Object.keys(scripts).filter((name) =>
    name !== "setup" && !name.startsWith("pre")
  );
  expect(commands).toContain("lint");
  const withoutSetup = commands.filter((name) => scripts[`pre${name}`] !== setupCommand);
  expect(withoutSetup).toEqual([]);
});
