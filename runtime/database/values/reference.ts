/** What an object of the database answers to: which one it is. */
export const reference: unique symbol = Symbol("webtaskd.reference");

/** Which object of which model. */
export interface Reference {
  readonly model: string;
  readonly id: string;
}

/** An object of the database. */
export interface Referable {
  readonly [reference]: Reference;
}

/** Which object of the database a value is; `undefined` when it is none. */
export function referenceOf(value: unknown): Reference | undefined {
  return isReferable(value) ? value[reference] : undefined;
}

function isReferable(value: unknown): value is Referable {
  return typeof value === "object" && value !== null && reference in value;
}
