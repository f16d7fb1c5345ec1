import type { Settings } from "../config/config.ts";
import type { SettingName } from "../config/table.ts";
import type { Platform } from "../platform/platform.ts";

/** A word after the command's name. */
export interface CommandArgument {
  /** As help shows it: `<name>` is required, `[app]` is not, `[app...]` takes several. */
  readonly name: string;
  readonly sentence: string;
}

/** A flag of one command alone, without a variable. */
export interface CommandFlag {
  /** Without the hyphens, as `json`. */
  readonly name: string;
  /** What stands for its value in help; `undefined` for a flag that is there or not. */
  readonly placeholder: string | undefined;
  readonly sentence: string;
}

/** What a command works with. */
export interface CommandContext {
  readonly platform: Platform;
  /** Read and checked; settings the command does not take have their defaults. */
  readonly settings: Settings;
  /** The words after the command's name. */
  readonly args: readonly string[];
  /** The command's own flags that were given; `""` for one without a value. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
  err(line: string): void;
}

/** One command of `webtaskd`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly CommandArgument[];
  /** The rows of the settings table it takes. */
  readonly settings: readonly SettingName[];
  readonly flags: readonly CommandFlag[];
  /** Resolves with the exit code; rejects with what went wrong. */
  run(context: CommandContext): Promise<number>;
}
