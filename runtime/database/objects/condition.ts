import { didYouMean } from "../../base/nearest.ts";
import { toOperand } from "../query/operand.ts";
import { QueryError } from "../query/query_error.ts";
import type { Statement } from "../sql/dialect.ts";
import { show } from "../values/show.ts";
import type { ModelParts } from "./object_state.ts";

/**
 * Reads what `where` and `first` are given: nothing, a query with its arguments, or an object of
 * fields and values, which must all be equal. Nothing gives no condition.
 * @throws {QueryError} for anything that cannot be asked.
 */
export function toCondition(
  given: readonly unknown[],
  model: ModelParts,
): Statement | undefined {
  try {
    return readCondition(given, model);
  } catch (error) {
    // Taken anew from here: a stack of the parser's depths would not reach the line of the task.
    if (error instanceof QueryError) Error.captureStackTrace(error, toCondition);
    throw error;
  }
}

function readCondition(
  given: readonly unknown[],
  { layout, queries }: ModelParts,
): Statement | undefined {
  if (given.length === 0) return undefined;
  const [first, ...args] = given;
  if (typeof first === "string") return queries.get(first).bind(args);
  if (isPlainObject(first) && args.length === 0) return fromObject(first);
  const message = `Cannot query ${layout.title}: give a query with its arguments, or an object ` +
    `with fields and values: got ${given.map(show).join(", ").slice(0, 100)}`;
  throw new QueryError(message, { query: "" });

  function fromObject(values: object): Statement | undefined {
    const entries = Object.entries(values);
    if (entries.length === 0) return undefined;
    for (const [name, value] of entries) checkMember(name, value);
    const text = entries.map(([name]) => `${name} = ?`).join(" and ");
    return queries.get(text).bind(entries.map(([, value]) => value));
  }

  /** Before it becomes part of a text: a name with blanks could mean something else there. */
  function checkMember(name: string, value: unknown): void {
    const column = layout.find(name);
    if (column === undefined) {
      const isMany = layout.model.hasMany.some((relation) => relation.name === name);
      throw error(
        isMany
          ? `Cannot query by has-many field "${name}"`
          : `Cannot query ${layout.title}: it has no field "${name}"` +
            didYouMean(name, layout.names),
      );
    }
    if (value === undefined) {
      throw error(
        `Cannot query ${layout.title}: "${name}" is undefined: give null to find unset ones`,
      );
    }
    const operand = toOperand(column, "=", value);
    if (operand.kind === "bad") throw error(`Cannot query ${layout.title}: ${operand.reason}`);
  }

  function error(message: string): QueryError {
    return new QueryError(message, { query: "" });
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
