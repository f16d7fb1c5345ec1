import type { Dialect, Statement } from "../sql/dialect.ts";
import type { Row, Work } from "../sql/engine.ts";
import type { Surroundings } from "../values/value_type.ts";
import type { ModelParts, ObjectState } from "./object_state.ts";

/** What objects, queries and collections need of the database they belong to. */
export interface Session {
  readonly dialect: Dialect;
  readonly surroundings: Surroundings;
  /** The parts of a model that relations and collections name. */
  model(name: string): ModelParts;
  /** The object of a task for a state: always the same one. */
  toObject(state: ObjectState): object;
  /** The state of an object of a task; `undefined` for any other value. */
  stateOf(value: unknown): ObjectState | undefined;
  read(statement: Statement): Promise<readonly Row[]>;
  write(work: Work): Promise<void>;
  explain(statement: Statement): Promise<readonly string[]>;
}
