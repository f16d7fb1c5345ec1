import type { Layout } from "../model/layout.ts";
import type { Dialect } from "../sql/dialect.ts";
import { PreparedQuery } from "./prepared_query.ts";

/** Texts kept per model; apps have few, and one that makes them up as it goes must not fill memory. */
const maxKept = 500;
/** Longer texts are parsed again each time. */
const maxKeptLength = 4096;

/** The prepared queries of a model, by their texts. */
export class QueryCache {
  readonly #context: { readonly layout: Layout; readonly dialect: Dialect };
  readonly #kept = new Map<string, PreparedQuery>();

  constructor(layout: Layout, dialect: Dialect) {
    this.#context = { layout, dialect };
  }

  /**
   * The prepared query of a text.
   * @throws {QueryError} for a text that is no query of the model.
   */
  get(text: string): PreparedQuery {
    const known = this.#kept.get(text);
    if (known) return known;
    const prepared = new PreparedQuery(text, this.#context);
    if (text.length <= maxKeptLength) {
      if (this.#kept.size >= maxKept) this.#kept.clear();
      this.#kept.set(text, prepared);
    }
    return prepared;
  }
}
