import { countOf } from "../base/count_of.ts";
import { maxOutputChars, type OutputLevel, type OutputLine } from "../protocol/messages.ts";

const methodLevels: Readonly<Record<string, OutputLevel>> = {
  log: "info",
  info: "info",
  debug: "debug",
  trace: "debug",
  warn: "warn",
  error: "error",
  dir: "info",
  dirxml: "info",
};

/** Levels of objects that are shown. */
const shownDepth = 6;

/** What a captured console prints with. */
export interface ConsoleOptions {
  print(line: OutputLine): void;
  /** Values as text, as `console.log` shows them. */
  formatValues(values: readonly unknown[], depth: number): string;
}

/**
 * Has `console` print to the invocation that called it. Counters, timers, groups and assertions keep
 * the runtime's behaviour, and print through these same methods.
 */
export function captureConsole({ print, formatValues }: ConsoleOptions): void {
  const toLine = (level: OutputLevel, values: readonly unknown[]): OutputLine => ({
    level,
    text: cut(format(values, formatValues)),
  });
  for (const [method, level] of Object.entries(methodLevels)) {
    const capture = method === "dir"
      ? (value: unknown) => print(toLine(level, [value]))
      : (...values: unknown[]) => print(toLine(level, values));
    Object.defineProperty(globalThis.console, method, { value: capture, writable: true });
  }
  captureDerived();
}

/** The methods below print natively in both runtimes; here they go through `console.log`. */
function captureDerived(): void {
  const { console } = globalThis;
  const counts = new Map<string, number>();
  const starts = new Map<string, number>();
  const elapsed = (label: string) => {
    const nowMs = performance.now();
    return `${label}: ${(nowMs - (starts.get(label) ?? nowMs)).toFixed(2)}ms`;
  };
  Object.assign(console, {
    table: (rows: unknown) => console.log(rows),
    group: (...values: unknown[]) => console.log(...values),
    groupCollapsed: (...values: unknown[]) => console.log(...values),
    groupEnd() {},
    assert(holds: unknown, ...values: unknown[]) {
      if (!holds) console.error("Assertion failed", ...values);
    },
    count(label = "default") {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      console.log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void starts.set(label, performance.now()),
    timeLog: (label = "default", ...values: unknown[]) => console.log(elapsed(label), ...values),
    timeEnd(label = "default") {
      console.log(elapsed(label));
      starts.delete(label);
    },
  });
}

function format(
  values: readonly unknown[],
  formatValues: ConsoleOptions["formatValues"],
): string {
  const [only] = values;
  if (values.length === 1 && typeof only === "string") return only;
  try {
    return formatValues(values, shownDepth);
  } catch (error) {
    // An object whose inspection throws must not turn a console.log into a failure.
    return `(a value that cannot be shown: ${error instanceof Error ? error.message : "unknown"})`;
  }
}

function cut(text: string): string {
  if (text.length <= maxOutputChars) return text;
  const more = countOf(text.length - maxOutputChars, "more character");
  return `${text.slice(0, maxOutputChars)}… (${more})`;
}
