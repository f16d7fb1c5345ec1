import type { RuntimeError } from "../base/errors.ts";
import { badMessage, showField } from "./fields.ts";

/** What a run took, as its worker measured it; `undefined` where it was not measured. */
export interface RunFigures {
  readonly authenticateMs: number | undefined;
  /** From the start of the handler to the end of the invocation. */
  readonly handlerMs: number | undefined;
  /** CPU time of the process while the invocation ran, its neighbours' included. */
  readonly cpuMs: number | undefined;
  /** The largest resident memory of the process that was seen while the invocation ran. */
  readonly peakRssBytes: number | undefined;
}

/** Those of an invocation that nobody measured. */
export const noFigures: RunFigures = {
  authenticateMs: undefined,
  handlerMs: undefined,
  cpuMs: undefined,
  peakRssBytes: undefined,
};

const microsecondsPerMs = 1000;
const zero = "0".charCodeAt(0);
/** As many as are exact in any case. */
const maxDigits = 15;

/**
 * Writes figures as whole numbers between commas, times in microseconds: each reply carries them.
 * What is missing at the end is left out.
 */
export function toFiguresText(figures: RunFigures): string {
  const { authenticateMs, handlerMs, cpuMs, peakRssBytes } = figures;
  const isShort = cpuMs === undefined && peakRssBytes === undefined;
  const times = authenticateMs === undefined && handlerMs === undefined && isShort
    ? ""
    : `${toMicroseconds(authenticateMs)},${toMicroseconds(handlerMs)}`;
  return isShort ? times : `${times},${toMicroseconds(cpuMs)},${peakRssBytes ?? ""}`;
}

/**
 * Reads what `toFiguresText` wrote from the beginning of a text, up to `end`. Digit by digit: it is
 * read for each request, and to split the text would cost ten times as much.
 * @throws {RuntimeError} `bad_message` for anything but numbers from 0.
 */
export function parseFigures(text: string, end = text.length): RunFigures {
  if (end === 0) return noFigures;
  const first = findComma(text, { from: 0, to: end });
  if (first < 0) throw badFigures(text);
  const second = findComma(text, { from: first + 1, to: end });
  const authenticateMs = readMs(text, { from: 0, to: first });
  if (second < 0) {
    const handlerMs = readMs(text, { from: first + 1, to: end });
    return { authenticateMs, handlerMs, cpuMs: undefined, peakRssBytes: undefined };
  }
  const third = findComma(text, { from: second + 1, to: end });
  if (third < 0) throw badFigures(text);
  return {
    authenticateMs,
    handlerMs: readMs(text, { from: first + 1, to: second }),
    cpuMs: readMs(text, { from: second + 1, to: third }),
    peakRssBytes: readNumber(text, { from: third + 1, to: end }),
  };
}

function toMicroseconds(ms: number | undefined): number | "" {
  return ms === undefined ? "" : Math.round(ms * microsecondsPerMs);
}

/** Where a number is in a text; `to` is the place behind it. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** The place of the next comma; -1 where there is none. */
function findComma(text: string, { from, to }: Range): number {
  const at = text.indexOf(",", from);
  return at < to ? at : -1;
}

function readMs(text: string, range: Range): number | undefined {
  const microseconds = readNumber(text, range);
  return microseconds === undefined ? undefined : microseconds / microsecondsPerMs;
}

function readNumber(text: string, { from, to }: Range): number | undefined {
  if (from === to) return undefined;
  if (to - from > maxDigits) throw badFigures(text);
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - zero;
    if (digit < 0 || digit > 9) throw badFigures(text);
    value = value * 10 + digit;
  }
  return value;
}

function badFigures(text: string): RuntimeError {
  return badMessage(`figures ${showField(text)}`);
}
