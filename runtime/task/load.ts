import { type Failure, handlerMethods, type TaskShape } from "../protocol/call.ts";
import { failure, toFailure } from "./failure.ts";
import type { TaskContext } from "./types.ts";

const names = ["authenticate", "del", ...handlerMethods.map((method) => method.toLowerCase())];

/** A function of the author: what comes back is checked, and awaited where it can be. */
export type TaskFunction = (this: TaskContext, context: TaskContext) => unknown;

/** The module of a task, once imported and looked over. */
export type TaskModule =
  | {
    readonly kind: "loaded";
    readonly authenticate: TaskFunction | undefined;
    /** By method, in the order of `handlerMethods`. */
    readonly handlers: ReadonlyMap<string, TaskFunction>;
  }
  | { readonly kind: "broken"; readonly failure: Failure };

type Exports = Readonly<Record<string, unknown>>;

/** Imports the file of a task, by its absolute path; the one place where user code is loaded. */
export async function loadTask(file: string): Promise<TaskModule> {
  try {
    return toTaskModule(await import(toFileUrl(file)), file);
  } catch (error) {
    return { kind: "broken", failure: toFailure("load_failed", `load task file "${file}"`, error) };
  }
}

/** Picks what HTTP can trigger out of the exports of a module. */
export function toTaskModule(exports: Exports, file: string): TaskModule {
  const wrong = names.find((name) => exports[name] !== undefined && !isFunction(exports[name]));
  if (wrong !== undefined) {
    return broken(file, `export "${wrong}" must be a function: got ${typeof exports[wrong]}`);
  }
  const handlers = new Map<string, TaskFunction>();
  for (const method of handlerMethods) {
    const handler = exports[method.toLowerCase()] ??
      (method === "DELETE" ? exports.del : undefined);
    if (isFunction(handler)) handlers.set(method, handler);
  }
  const authenticate = isFunction(exports.authenticate) ? exports.authenticate : undefined;
  return { kind: "loaded", authenticate, handlers };
}

/** Tells what a module exports without its functions. */
export function shapeOf(module: TaskModule): TaskShape {
  if (module.kind === "broken") return module;
  return {
    kind: "loaded",
    methods: handlerMethods.filter((method) => module.handlers.has(method)),
    hasAuthenticate: module.authenticate !== undefined,
  };
}

function broken(file: string, reason: string): TaskModule {
  const message = `Cannot load task file "${file}": ${reason}`;
  return { kind: "broken", failure: failure("load_failed", message) };
}

function isFunction(value: unknown): value is TaskFunction {
  return typeof value === "function";
}

/** As `pathToFileURL`, but loading `node:url` for it takes Bun 5 ms at the start of a worker. */
function toFileUrl(file: string): string {
  const url = new URL("file:///");
  url.pathname = file.replaceAll("%", "%25");
  return url.href;
}
