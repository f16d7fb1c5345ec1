import type { InvocationScope, Scopes } from "./scope.ts";

type Schedule = (callback: unknown, ...rest: unknown[]) => unknown;

/** Task code may replace the global one. */
const { apply } = Reflect;
const wrapped: readonly string[] = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"];

/**
 * Catches what a timer or microtask throws, and tells which invocation set it, if one did: neither
 * runtime tells a process handler, for every kind of timer, whose it was.
 */
export function guardTimers(
  scopes: Scopes,
  onThrow: (scope: InvocationScope | undefined, error: unknown) => void,
): void {
  const guard = (callback: unknown): unknown => {
    if (typeof callback !== "function") return callback;
    const scope = scopes.current();
    // The runtimes give a callback its timer as `this`.
    return function (this: unknown, ...values: unknown[]) {
      try {
        return apply(callback, this, values);
      } catch (error) {
        onThrow(scope, error);
      }
    };
  };
  for (const name of wrapped) {
    const original: Schedule = Reflect.get(globalThis, name);
    const schedule = (callback: unknown, ...rest: unknown[]) => original(guard(callback), ...rest);
    // Its name and length, and the promise form that `util.promisify(setTimeout)` looks for.
    Object.defineProperties(schedule, Object.getOwnPropertyDescriptors(original));
    Reflect.set(globalThis, name, schedule);
  }
}
