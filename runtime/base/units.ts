import ms from "ms";
import { bad, good, type Parsed } from "./parsed.ts";

/** Timers of the runtimes hold 31 bits and fire at once above. Source: WHATWG HTML, timers. */
const maxDurationMs = 2 ** 31 - 1;

const durationPattern = /^\d+(\.\d+)? ?(ms|s|m|h|d)$/;
const sizePattern = /^(\d+(?:\.\d+)?) ?(B|KB|MB|GB|KiB|MiB|GiB)$/i;

const durationUnits = [["d", 86_400_000], ["h", 3_600_000], ["s", 1000], ["ms", 1]] as const;
const sizeUnits = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]] as const;
const bytesPerUnit = new Map<string, number>([
  ...sizeUnits.map(([unit, bytes]) => [unit.toLowerCase(), bytes] as const),
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
]);

/** Reads a duration such as `60s` or `1.5h` as whole milliseconds; the unit is required. */
export function parseDuration(text: string): Parsed<number> {
  if (!isDuration(text)) {
    const isNumber = /^\d+$/.test(text);
    return bad(`give a duration with a unit, as "${isNumber && text !== "0" ? text : 60}s"`);
  }
  const durationMs = Math.round(ms(text));
  if (durationMs < 1) return bad("give a duration of at least 1ms");
  if (durationMs > maxDurationMs) return bad("give a duration of at most 24d");
  return good(durationMs);
}

/** Reads a size such as `5MiB` or `500KB` as whole bytes; the unit is required. */
export function parseSize(text: string): Parsed<number> {
  const [, amount, unit] = sizePattern.exec(text) ?? [];
  const unitBytes = bytesPerUnit.get(unit?.toLowerCase() ?? "");
  if (amount === undefined || unitBytes === undefined) {
    return bad('give a size with a unit (B, KiB, MiB, GiB), as "5MiB"');
  }
  const bytes = Math.floor(Number(amount) * unitBytes);
  if (bytes < 1) return bad("give a size of at least 1B");
  return Number.isSafeInteger(bytes) ? good(bytes) : bad("give a size below 8388608GiB");
}

/** Writes milliseconds the way `parseDuration` reads them, in the largest unit that is exact. */
export function formatDuration(durationMs: number): string {
  return formatIn(durationUnits, durationMs);
}

/** Writes bytes the way `parseSize` reads them, in the largest unit that is exact. */
export function formatSize(bytes: number): string {
  return formatIn(sizeUnits, bytes);
}

function isDuration(text: string): text is ms.StringValue {
  return durationPattern.test(text);
}

function formatIn(units: readonly (readonly [unit: string, size: number])[], amount: number) {
  for (const [unit, size] of units) {
    if (amount >= size && amount % size === 0) return `${amount / size}${unit}`;
  }
  return `${amount}${units.at(-1)?.[0]}`;
}
