const maxShownChars = 60;

/** Shows a value in an error: short, on one line, and whatever it is. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return cut(JSON.stringify(value.slice(0, maxShownChars + 1)));
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return cut(`${value}n`);
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function showObject(value: object): string {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "an invalid Date" : `Date ${value.toISOString()}`;
  }
  try {
    return cut(JSON.stringify(value) ?? "an object");
  } catch {
    // A cycle, a BigInt or a throwing toJSON: that it is an object has to do.
    return Array.isArray(value) ? "an array" : "an object";
  }
}

function cut(text: string): string {
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`;
}
