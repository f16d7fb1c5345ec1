/** What reading a person's text gives: its value, or what to write instead. */
export type Parsed<T> =
  | { readonly kind: "good"; readonly value: T }
  | { readonly kind: "bad"; readonly fix: string };

/** Wraps a value that was read. */
export function good<T>(value: T): Parsed<T> {
  return { kind: "good", value };
}

/** Says what to write instead, as `give a number from 0 to 65535`. */
export function bad(fix: string): Parsed<never> {
  return { kind: "bad", fix };
}
