import { RuntimeError } from "../base/errors.ts";
import { bad, good, type Parsed } from "../base/parsed.ts";

/** One setting: everything that help, documentation and validation say about it. */
export interface Setting<T> {
  /** The name of its flag, as `max-body`. */
  readonly flag: string;
  /** What stands for the value in help, as `SIZE`; `undefined` for a flag that takes none. */
  readonly placeholder: string | undefined;
  /** Separates values in the variable of a flag that may be repeated; `undefined` takes one value. */
  readonly separator: "," | "\n" | undefined;
  /** What holds when nobody says anything; empty for a setting that is then absent. */
  readonly defaults: readonly string[];
  /** The default in help, where it is not one of `defaults`. */
  readonly defaultNote: string | undefined;
  readonly sentence: string;
  /** Reads the values given, or `defaults`; at least one unless `defaults` is empty. */
  parse(texts: readonly string[]): Parsed<T>;
}

/** What a row of the table says; the rest follows from whether it takes one value or many. */
export interface Row {
  readonly flag: string;
  readonly placeholder: string;
  readonly defaultNote?: string;
  readonly sentence: string;
}

/** A setting with one value, and a default. */
export function single<T>(
  row: Row & { readonly default: string; parse(text: string): Parsed<T> },
): Setting<T> {
  const { default: text, parse, ...rest } = row;
  return {
    defaultNote: undefined,
    ...rest,
    separator: undefined,
    defaults: [text],
    parse: (texts) => parse(texts.at(-1) ?? text),
  };
}

/** A setting that is on or off: its flag takes no value, its variable `true` or `false`. */
export function toggle(row: Omit<Row, "placeholder">): Setting<boolean> {
  return {
    defaultNote: undefined,
    ...row,
    placeholder: undefined,
    separator: undefined,
    defaults: ["false"],
    parse: (texts) => {
      const text = texts.at(-1);
      // The flag comes without a value.
      if (text === "" || text === "true") return good(true);
      return text === "false" ? good(false) : bad("give true or false");
    },
  };
}

/** A setting with one value that may be absent. */
export function optional<T>(
  row: Row & { parse(text: string): Parsed<T> },
): Setting<T | undefined> {
  const { parse, ...rest } = row;
  return {
    defaultNote: undefined,
    ...rest,
    separator: undefined,
    defaults: [],
    parse: (texts) => {
      const text = texts.at(-1);
      return text === undefined ? good(undefined) : parse(text);
    },
  };
}

/** A setting whose flag may be repeated. */
export function repeatable<T>(
  row: Row & {
    readonly separator: "," | "\n";
    readonly defaults: readonly string[];
    parse(texts: readonly string[]): Parsed<T>;
  },
): Setting<T> {
  return { defaultNote: undefined, ...row };
}

/** Reads each text of a list; the first bad one is the result. */
export function each<T>(parse: (text: string) => Parsed<T>) {
  return (texts: readonly string[]): Parsed<readonly T[]> => {
    const values: T[] = [];
    for (const text of texts) {
      const parsed = parse(text);
      if (parsed.kind === "bad") return parsed;
      values.push(parsed.value);
    }
    return good(values);
  };
}

/** The name of a setting's variable, as `WEBTASKD_MAX_BODY`. */
export function variableOf(setting: Pick<Setting<unknown>, "flag">): string {
  return `WEBTASKD_${setting.flag.replaceAll("-", "_").toUpperCase()}`;
}

/** What people wrote: values of flags by name, and the variables of the process. */
export interface Sources {
  readonly flags: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads one setting: flag over variable over default.
 * @throws {RuntimeError} `bad_setting` with its name, the value and the fix.
 */
export function readSetting<T>(setting: Setting<T>, sources: Sources): T {
  const { source, texts } = given(setting, sources);
  const parsed = texts.length === 0 && setting.defaults.length > 0
    ? bad("give at least one value")
    : setting.parse(texts);
  if (parsed.kind === "good") return parsed.value;
  const values = setting.separator === undefined ? texts.slice(-1) : texts;
  const shown = values.map((text) => JSON.stringify(text)).join(", ");
  throw badSetting(`${source} ${shown || "without a value"}`, parsed.fix);
}

/** The error of a value that cannot be used; `what` names the setting, its source and the value. */
export function badSetting(what: string, fix: string, cause?: unknown): RuntimeError {
  return new RuntimeError("bad_setting", `Cannot use ${what}: ${fix}`, { cause });
}

function given(setting: Setting<unknown>, { flags, env }: Sources) {
  const flag = flags[setting.flag];
  if (flag !== undefined && flag.length > 0) {
    const texts = setting.separator === "," ? flag.flatMap((text) => split(text, ",")) : flag;
    return { source: `--${setting.flag}`, texts };
  }
  const variable = env[variableOf(setting)];
  // An empty variable is how compose files and units say "not set".
  if (variable !== undefined && variable !== "") {
    const { separator } = setting;
    const texts = separator === undefined ? [variable] : split(variable, separator);
    return { source: variableOf(setting), texts };
  }
  return { source: `the default of --${setting.flag}`, texts: setting.defaults };
}

function split(text: string, separator: string): readonly string[] {
  return text.split(separator).map((part) => part.trim()).filter((part) => part !== "");
}
