import { join } from "node:path";

/** The repository's folder. */
export const root = join(import.meta.dir, "../..");

/** One way to start the same server. */
export interface Target {
  readonly name: "bun" | "deno" | "executable";
  /** What comes before `serve` on the command line; absolute paths only. */
  readonly command: readonly string[];
}

const bin = join(root, "node_modules/.bin");
const main = join(root, "runtime/main.ts");

const allTargets: readonly Target[] = [
  { name: "bun", command: [join(bin, "bun"), main] },
  { name: "deno", command: [join(bin, "deno"), "run", "-A", "--no-prompt", main] },
  { name: "executable", command: [join(root, "dist/webtaskd")] },
];

/**
 * The targets every case runs on. `WEBTASKD_TEST_TARGETS=bun,deno` narrows them while working on
 * one; the full run has all three.
 */
export const targets: readonly Target[] = chosenTargets(process.env["WEBTASKD_TEST_TARGETS"]);

function chosenTargets(names: string | undefined): readonly Target[] {
  if (names === undefined) return allTargets;
  return allTargets.filter((target) => names.split(",").includes(target.name));
}
