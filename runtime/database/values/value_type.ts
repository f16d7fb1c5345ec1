import type { Parsed } from "../../base/parsed.ts";
import type { Field } from "../model/data_model.ts";
import type { AttachmentBytes } from "./attachment.ts";

/** A value as the database holds it. */
export type SqlValue = string | number | null;

/** What can be asked of a column: which operators make sense, and how its values compare. */
export type Comparing = "text" | "number" | "flag" | "list" | "opaque";

/** How a field reads from what the database holds, beyond its declaration. */
export interface Surroundings {
  readonly attachments: AttachmentBytes;
}

/** What a type of field means: how values come in, go out and compare. No method is given `null`. */
export interface ValueType {
  readonly storage: "text" | "integer" | "real";
  readonly comparing: Comparing;
  /** Takes a value that a task assigns; the fix completes "must be". */
  cast(value: unknown, field: Field): Parsed<SqlValue>;
  /** Takes a value that a query compares with: stricter than an assignment. */
  parameter(value: unknown, field: Field): Parsed<SqlValue>;
  /** What a task reads. */
  read(stored: SqlValue, surroundings: Surroundings): unknown;
  /** Takes text as files and command lines have it, and gives what a task would assign. */
  parseText(text: string, field: Field): Parsed<unknown>;
  /** Takes a value of JSON, as `toJSON` writes it, and gives what a task would assign. */
  parseJson(value: unknown, surroundings: Surroundings): Parsed<unknown>;
  /** Its TypeScript type when it is read, and what may be assigned beyond that. */
  typescript(field: Field): { readonly read: string; readonly assign: string };
}
