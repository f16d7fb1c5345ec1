// INVARIANT: no imports. The text of this file is also what the `types` command writes for editors.

/**
 * A calendar day without a time or a zone. Days never change. Source: JourneyApps documentation.
 *
 * @example
 * ```ts
 * const due = new Day("2026-12-31");
 * due.getYear(); // 2026
 * due.getMonth(); // 11, as in Date
 * ```
 */
export interface CalendarDay {
  /** Its first moment in the local zone. */
  toDate(): Date;
  getYear(): number;
  /** From 0, as in `Date`. */
  getMonth(): number;
  /** The day of the month, from 1. */
  getDay(): number;
  /** From 0 for Sunday, as in `Date`. */
  getDayOfWeek(): number;
  /** As `2026-12-31`. */
  toJSON(): string;
  toString(): string;
}

/** The global `Day`. */
export interface DayConstructor {
  /** Today. */
  new (): CalendarDay;
  /** The month counts from 0; numbers that run over are carried. */
  new (year: number, month: number, day: number): CalendarDay;
  /** From text as `2026-12-31`, or the local day of a `Date`. */
  new (day: string | Date | CalendarDay): CalendarDay;
}

/** A file that belongs to an object. It never changes: new content is a new attachment. */
export interface StoredAttachment {
  readonly id: string;
  readonly filename: string;
  toText(): Promise<string>;
  toBase64(): Promise<string>;
  toArrayBuffer(): Promise<ArrayBuffer>;
  toJSON(): { id: string; filename: string };
}

/** What an attachment is made of: a name, and its content in one of three forms. */
export type AttachmentContent =
  & { readonly filename: string }
  & (
    | { readonly text: string }
    | { readonly base64: string }
    | { readonly data: ArrayBuffer | ArrayBufferView }
  );

/** The global `Attachment`. */
export interface AttachmentConstructor {
  /** Writes an attachment; then it can be assigned to a field and saved with its object. */
  create(content: AttachmentContent): Promise<StoredAttachment>;
}

/** A place on the earth. */
export interface GeoLocation {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude?: number | null;
  readonly horizontal_accuracy?: number | null;
  readonly vertical_accuracy?: number | null;
  readonly timestamp?: number | string | Date | null;
}

/** What every object of the database has, besides its fields and relations. */
export interface StoredObject {
  /** A UUID, there from the start. */
  readonly id: string;
  /** The name of its model. */
  readonly type: string;
  /** Whether the database has it. */
  readonly persisted: boolean;
  /**
   * Inserts a new object, or writes the fields that have changed; before it, belongs-to objects that
   * are loaded and have changed. All of it happens or nothing.
   */
  save(): Promise<void>;
  /** Removes it; once it is gone, neither this nor `save()` does anything. */
  destroy(): Promise<void>;
  /** Reads it again, and drops what was assigned since. */
  reload(): Promise<void>;
  /**
   * Assigns several fields, or none when one does not fit; keys that are no fields are ignored.
   * @throws {TypeError} for a value that its field does not take.
   */
  setAll(values: object): void;
  /** The model's `<display>`, filled in. */
  toString(): string;
  /** `id`, the fields, and `<name>_id` of each belongs-to. */
  toJSON(): { [name: string]: unknown };
}

/** Objects that are asked for. It never changes: each step gives a new query. */
export interface StoredQuery<T, Fields = object> extends AsyncIterable<T> {
  /** Only those that also fulfil a condition. */
  where(query: string, ...args: unknown[]): StoredQuery<T, Fields>;
  where(fields?: Fields): StoredQuery<T, Fields>;
  limit(count: number): StoredQuery<T, Fields>;
  skip(count: number): StoredQuery<T, Fields>;
  /** In place of an earlier order; `-` before a name is descending, unset values count as lowest. */
  orderBy(...fields: string[]): StoredQuery<T, Fields>;
  /** Loads belongs-to together with the objects, as `"org"` or `"org.parent"`. */
  include(...paths: string[]): StoredQuery<T, Fields>;
  toArray(): Promise<T[]>;
  first(): Promise<T | null>;
  count(): Promise<number>;
  /** Destroys what is found, in one step; resolves with how many there were. */
  destroyAll(): Promise<number>;
  /** How the engine would go about it, as text for people. */
  explain(): Promise<string>;
}

/** The objects of one model, as `DB.api_client`. */
export interface ModelCollection<T, Fields = object> {
  /** A new object; `save()` writes it. Keys that are no fields are ignored. */
  create(values?: Fields): T;
  /** The object with an ID. */
  first(id: string): Promise<T | null>;
  /**
   * An object that fulfils a condition; `null` when there is none. Of several, `where(…).orderBy(…)
   * .first()` says which.
   */
  first(query: string, ...args: [unknown, ...unknown[]]): Promise<T | null>;
  first(fields?: Fields): Promise<T | null>;
  where(query: string, ...args: unknown[]): StoredQuery<T, Fields>;
  where(fields?: Fields): StoredQuery<T, Fields>;
  all(): StoredQuery<T, Fields>;
}

/** Changes that happen together: all of them or none. */
export interface ChangeBatch {
  save(object: StoredObject): void;
  /** Wins over a `save` of the same object. */
  destroy(object: StoredObject): void;
  /**
   * Does what was added; called again, what has not been done.
   * @throws a `CrudError` with `errors` when something does not work; nothing is done then.
   */
  execute(): Promise<void>;
}

/** What `DB` has besides its models. */
export interface DatabaseMembers {
  readonly Batch: new () => ChangeBatch;
}
