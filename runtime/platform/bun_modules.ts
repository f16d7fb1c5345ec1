import process from "node:process";

/** Task code may replace what `process` has; what it does to a module changes its own process alone. */
const { getBuiltinModule } = process;

/*
 * Modules that are loaded where they are first needed: Bun takes 6 ms for `node:fs` and for `node:tty`, and 3 ms for
 * `node:util`, a third of what it took a worker to be ready.
 */

export function nodeFs() {
  return getBuiltinModule("node:fs");
}

export function nodeTty() {
  return getBuiltinModule("node:tty");
}

export function nodeUtil() {
  return getBuiltinModule("node:util");
}
