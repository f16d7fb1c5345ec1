import { styleText } from "node:util";
import type { Platform } from "../../platform/platform.ts";
import type { InvocationState } from "../../protocol/records.ts";
import type { LogLineRow } from "../../store/trace_reader.ts";

/** How parts of the output are set off, where somebody sees it; it adds no visible character. */
export interface Style {
  dim(text: string): string;
  bold(text: string): string;
  state(state: InvocationState, text: string): string;
  level(level: LogLineRow["level"], text: string): string;
}

type Format = Parameters<typeof styleText>[0];

const stateFormats: Readonly<Record<InvocationState, Format>> = {
  RUNNING: "cyan",
  COMPLETED: "green",
  FAILED: "red",
  CRASHED: "red",
  KILLED: "red",
  INTERRUPTED: "yellow",
};

const levelFormats: Readonly<Record<LogLineRow["level"], Format>> = {
  debug: "dim",
  info: "reset",
  warn: "yellow",
  error: "red",
};

/** No colours at all. */
export const plainStyle: Style = Object.freeze({
  dim: (text: string) => text,
  bold: (text: string) => text,
  state: (_state: InvocationState, text: string) => text,
  level: (_level: LogLineRow["level"], text: string) => text,
});

const colouredStyle: Style = Object.freeze({
  dim: (text: string) => paint("dim", text),
  bold: (text: string) => paint("bold", text),
  state: (state: InvocationState, text: string) => paint(stateFormats[state], text),
  level: (level: LogLineRow["level"], text: string) =>
    level === "info" ? text : paint(levelFormats[level], text),
});

/** Colours on a terminal only, and not where `NO_COLOR` asks for none. Source: no-color.org. */
export function chooseStyle(platform: Pick<Platform, "isTerminal" | "env">): Style {
  const isWanted = platform.isTerminal("stdout") && !platform.env["NO_COLOR"];
  return isWanted ? colouredStyle : plainStyle;
}

function paint(format: Format, text: string): string {
  // The library's own check looks at the process, and would have the last word.
  return styleText(format, text, { validateStream: false });
}
