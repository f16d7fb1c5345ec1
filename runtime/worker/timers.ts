import type { InvocationScope, Scopes } from "./scope.ts";

type Callback = (...values: unknown[]) => unknown;
type Schedule = (callback: unknown, ...rest: unknown[]) => unknown;

const wrapped: readonly string[] = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"];

/**
 * Catches what a timer or microtask throws and fails the invocation that set it: neither runtime
 * tells a process handler, for every kind of timer, whose it was.
 */
export function guardTimers(
  scopes: Scopes,
  onThrow: (scope: InvocationScope, error: unknown) => void,
): void {
  const guard = (callback: unknown): unknown => {
    const scope = scopes.current();
    if (!scope || typeof callback !== "function") return callback;
    return (...values: unknown[]) => {
      try {
        return (callback as Callback)(...values);
      } catch (error) {
        onThrow(scope, error);
      }
    };
  };
  for (const name of wrapped) {
    const original: Schedule = Reflect.get(globalThis, name);
    const schedule = (callback: unknown, ...rest: unknown[]) => original(guard(callback), ...rest);
    // `util.promisify(setTimeout)` finds its promise form among the function's own properties.
    const { name: _name, length: _length, ...own } = Object.getOwnPropertyDescriptors(original);
    Object.defineProperties(schedule, own);
    Reflect.set(globalThis, name, schedule);
  }
}
