import type { Summary, Verdict } from "./summary.ts";

const header = [
  ...["subject", "CPU µs/req", "x base", "req/s", "x base"],
  ...["p50 ms", "p99 ms", "p50 ms, 1 conn", "x base", "base"],
];

/** Writes medians and ratios as a table for people. */
export function formatTable(summaries: readonly Summary[]): string {
  return align([header, ...summaries.map(toRow)]);
}

/** Writes which goals were met, one per line. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return align(
    verdicts.map(({ name, goal, value, isMet }) => [isMet ? "PASS" : "FAIL", name, goal, value]),
  );
}

function toRow({ name, base, medians, ratios }: Summary): string[] {
  return [
    name,
    medians.cpuMicrosPerRequest.toFixed(1),
    ratios.cpuMicrosPerRequest.toFixed(2),
    medians.requestsPerSecond.toFixed(0),
    ratios.requestsPerSecond.toFixed(2),
    medians.p50Ms.toFixed(2),
    medians.p99Ms.toFixed(2),
    medians.p50OneConnectionMs.toFixed(3),
    ratios.p50OneConnectionMs.toFixed(2),
    base,
  ];
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) => alignRow(row, widths)).join("\n");
}

/** Numbers go to the right of their column, words to the left. */
function alignRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => {
    const width = widths[column] ?? 0;
    return /^[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
  });
  return cells.join("  ").trimEnd();
}
