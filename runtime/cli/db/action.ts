import type { CommandContext } from "../command.ts";
import type { Target } from "./target.ts";

/** What an action of `db` works with. */
export interface ActionContext {
  readonly context: CommandContext;
  readonly target: Target;
  /** The words after the action's name. */
  readonly words: readonly string[];
}

/** What an action of `db` has done, for people and for machines. */
export interface ActionResult {
  readonly lines: readonly string[];
  /** Its shape is stable. */
  readonly json: unknown;
}

/** One of the things `webtaskd db` does. */
export interface Action {
  readonly name: string;
  readonly usage: string;
  /** How many words it takes: at least, at most. */
  readonly words: readonly [least: number, most: number];
  run(action: ActionContext): Promise<ActionResult>;
}
