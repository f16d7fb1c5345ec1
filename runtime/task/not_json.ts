import { summarize } from "./failure.ts";

const maxDepth = 1000;

/** Where in a value we are, and how we got there. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly value: object;
  readonly outer: Place | undefined;
}

/** A value still to be read: doing so runs getters and `toJSON`. */
interface Unread {
  readonly path: string;
  readonly outer: Place | undefined;
  read(): unknown;
}

/**
 * Says what keeps `JSON.stringify` from making text of a value, and where: `$.items[2] is a BigInt`.
 * Asked only once it has refused, as it walks the value a second time.
 */
export function whyNotJson(body: unknown): string {
  try {
    const whole = { path: "$", outer: undefined, read: () => asStringified(body, "") };
    return offenceIn(whole) ?? "it has no JSON text";
  } catch (error) {
    return summarize(error);
  }
}

function offenceIn(unread: Unread): string | undefined {
  const { path, outer } = unread;
  const depth = outer === undefined ? 0 : outer.depth + 1;
  let value: unknown;
  try {
    value = unread.read();
  } catch (error) {
    return `reading ${path} fails: ${summarize(error)}`;
  }
  if (typeof value === "bigint") return `${path} is a BigInt`;
  if (outer === undefined && isLeftOut(value)) return `${path} is ${kindOf(value)}`;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > maxDepth) return `it is nested more than ${maxDepth} levels deep`;
  const place: Place = { path, depth, value, outer };
  return cycleAt(place) ?? offenceBelow(place);
}

function cycleAt(place: Place): string | undefined {
  for (let outer = place.outer; outer !== undefined; outer = outer.outer) {
    if (outer.value === place.value) return `${place.path} refers back to ${outer.path}`;
  }
  return undefined;
}

function offenceBelow(outer: Place): string | undefined {
  for (const key of Object.keys(outer.value)) {
    const path = outer.path + segment(outer.value, key);
    const read = () => asStringified(Reflect.get(outer.value, key), key);
    const offence = offenceIn({ path, outer, read });
    if (offence !== undefined) return offence;
  }
  return undefined;
}

/** What `JSON.stringify` sees of a value: the result of its `toJSON`, where it has one. */
function asStringified(value: unknown, key: string): unknown {
  if (value === undefined || value === null) return value;
  const toJson: unknown = Reflect.get(Object(value), "toJSON");
  return typeof toJson === "function" ? Reflect.apply(toJson, value, [key]) : value;
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === "function" || typeof value === "symbol";
}

function kindOf(value: unknown): string {
  return value === undefined ? "undefined after toJSON()" : `a ${typeof value}`;
}

function segment(holder: object, key: string): string {
  if (Array.isArray(holder)) return `[${key}]`;
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
