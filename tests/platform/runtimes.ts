import { join } from "node:path";
import { root } from "../conformance/targets.ts";

const bin = join(root, "node_modules/.bin");

/** What runs a program of a test, once per platform. */
export const runtimes: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: "bun", command: [join(bin, "bun")] },
  { name: "deno", command: [join(bin, "deno"), "run", "-A", "--no-prompt"] },
];
