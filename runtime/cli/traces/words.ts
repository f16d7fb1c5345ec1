import type { ParsedQuery, QueryWords } from "../../admin/trace_query.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { CommandContext, CommandFlag } from "../command.ts";

/** Flags that every command over traces takes as they are. */
export const jsonFlag: CommandFlag = {
  name: "json",
  placeholder: undefined,
  sentence: "Write one JSON object a line; its names are stable.",
};

/** The flag that keeps a command going. */
export const followFlag: CommandFlag = {
  name: "follow",
  placeholder: undefined,
  sentence: "Go on with what comes, until Ctrl-C; a restart of the server does not end it.",
};

/**
 * Reads a filter out of a command's flags.
 * @throws {RuntimeError} `bad_setting` with the flag, its value and the fix.
 */
export function readFilter<T>(
  parse: (words: QueryWords, nowMs: number) => ParsedQuery<T>,
  { flags }: Pick<CommandContext, "flags">,
): T {
  const { json: _, follow: __, ...words } = flags;
  const query = parse(words, Date.now());
  if (query.kind === "good") return query.value;
  const { name, fix } = query;
  throw new RuntimeError("bad_setting", `Cannot use --${name} "${words[name] ?? ""}": ${fix}`);
}
