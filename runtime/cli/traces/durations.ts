const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Writes a duration for people, as `12.3 ms`, `1.52 s` or `2 m 05 s`. */
export function showDuration(durationMs: number): string {
  if (durationMs < secondMs) return `${trim(durationMs.toFixed(1))} ms`;
  if (durationMs < minuteMs) return `${trim((durationMs / secondMs).toFixed(2))} s`;
  const seconds = Math.round(durationMs / secondMs);
  if (durationMs < hourMs) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

function trim(decimal: string): string {
  return decimal.replace(/\.?0+$/, "");
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
