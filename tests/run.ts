/**
 * The runner behind `npm test`: brings the executable up to date, runs every test with `bun test`
 * and ends with the line `N passed, N failed` from the report of that run. Arguments go to
 * `bun test`: `npm test -- tests/task`, `npm test -- -t "HEAD runs get"`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
/** Conformance tests spend their time waiting for servers, so more run than there are cores. */
const parallelFiles = 4;
const testTimeoutMs = 30_000;

/** What the report of `bun test` counted. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (isExecutableStale() && !await succeeds(["bun", "runtime/packaging/build.ts"])) {
    process.stdout.write("0 passed, 1 failed\n");
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "webtaskd-report-"));
  try {
    return report(await runTests(args, join(folder, "report.xml")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isExecutableStale(): boolean {
  const built = statSync(join(root, "dist/webtaskd"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(join(root, "runtime"), { recursive: true, encoding: "utf8" })
    .map((name) => join("runtime", name));
  return ["package.json", "package-lock.json", ...sources]
    .some((name) => statSync(join(root, name)).mtimeMs > built);
}

async function succeeds(command: string[]): Promise<boolean> {
  const child = Bun.spawn(command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return await child.exited === 0;
}

async function runTests(args: readonly string[], reportFile: string): Promise<Counts> {
  const child = Bun.spawn([
    "bun",
    "test",
    `--parallel=${parallelFiles}`,
    `--timeout=${testTimeoutMs}`,
    "--reporter=junit",
    `--reporter-outfile=${reportFile}`,
    ...args,
  ], {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}) },
  });
  const output = await passThrough(child.stderr);
  const exitCode = await child.exited;
  return withErrors(readReport(reportFile), { output, exitCode });
}

async function passThrough(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    process.stderr.write(bytes);
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

function readReport(file: string): Counts {
  if (!statSync(file, { throwIfNoEntry: false })) return { passed: 0, failed: 0, skipped: 0 };
  const head = /<testsuites [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const attribute = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = attribute("failures");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}

/** The report leaves out files that do not load and errors between tests; each is a failure. */
function withErrors(counts: Counts, run: { output: string; exitCode: number }): Counts {
  const errors = Number(/^\W*(?:\[\d+m)?\s*(\d+) errors?\b/m.exec(run.output)?.[1] ?? 0);
  const failed = counts.failed + errors;
  return { ...counts, failed: run.exitCode !== 0 && failed === 0 ? 1 : failed };
}

function report({ passed, failed, skipped }: Counts): number {
  const skippedInCi = skipped > 0 && process.env["CI"] === "true";
  if (skippedInCi) process.stdout.write(`Cannot pass with skipped tests in CI: ${skipped}\n`);
  if (passed + failed === 0) process.stdout.write("Cannot pass: no test ran\n");
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  process.stdout.write(`${passed} passed, ${failed} failed${tail}\n`);
  return failed > 0 || passed === 0 || skippedInCi ? 1 : 0;
}
