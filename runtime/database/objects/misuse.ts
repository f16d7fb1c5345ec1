/**
 * A prototype that says what is wrong where JavaScript would say nothing: it is asked only for
 * members that are not there, so that the members that are cost no more than without it.
 */
export function createGuard(guard: {
  /** Throws for a member that must not be read; without it, those read as undefined. */
  read?(name: string): void;
  /** Throws for a member that must not be assigned. */
  assign(name: string, receiver: unknown): void;
}): object {
  const { read } = guard;
  return new Proxy(Object.create(Object.prototype), {
    ...(read && {
      get(target: object, name: string | symbol, receiver: unknown) {
        if (typeof name === "string" && !(name in target)) read(name);
        return Reflect.get(target, name, receiver);
      },
    }),
    set(_target, name, _value, receiver) {
      guard.assign(String(name), receiver);
      return false;
    },
  });
}
