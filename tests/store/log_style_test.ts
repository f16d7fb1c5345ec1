import { expect, test } from "bun:test";
import { type LogStyle, type LogSurroundings, toLogStyle } from "../../runtime/store/log_style.ts";

const rows: readonly (readonly [LogSurroundings, LogStyle])[] = [
  [
    { logFormat: undefined, logLevel: "info", isTerminal: true },
    { format: "text", showRequests: true },
  ],
  [
    { logFormat: undefined, logLevel: "info", isTerminal: false },
    { format: "json", showRequests: false },
  ],
  [
    { logFormat: undefined, logLevel: "debug", isTerminal: false },
    { format: "json", showRequests: true },
  ],
  [
    { logFormat: "text", logLevel: "info", isTerminal: false },
    { format: "text", showRequests: false },
  ],
  [
    { logFormat: "json", logLevel: "error", isTerminal: false },
    { format: "json", showRequests: true },
  ],
];

test.each(rows)("toLogStyle(%p)", (surroundings, style) => {
  expect(toLogStyle(surroundings)).toEqual(style);
});
