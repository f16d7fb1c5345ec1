/** The `DB` of an app without a data model: it can only say so. */
export function createAbsentDb(): object {
  return new Proxy({}, {
    get(target, name, receiver) {
      const isAsked = typeof name === "symbol" || name === "then" || name === "toJSON";
      if (isAsked) return Reflect.get(target, name, receiver);
      throw unusable(name, "the app has no schema.xml");
    },
  });
}

/** The error of a model that is not there. */
export function unusable(model: string, reason: string): TypeError {
  const member = `DB.${model}`;
  return new TypeError(`Cannot use ${member}: ${reason}`);
}
