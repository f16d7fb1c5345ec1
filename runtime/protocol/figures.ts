import { badMessage } from "./fields.ts";

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
 * Reads what `toFiguresText` wrote.
 * @throws {RuntimeError} `bad_message` for anything but numbers from 0.
 */
export function parseFigures(text: string): RunFigures {
  if (text === "") return noFigures;
  const [authenticate, handler, cpu, peakRss] = text.split(",", 4);
  return {
    authenticateMs: toMs(asNumber(authenticate)),
    handlerMs: toMs(asNumber(handler)),
    cpuMs: toMs(asNumber(cpu)),
    peakRssBytes: asNumber(peakRss),
  };
}

function toMicroseconds(ms: number | undefined): number | "" {
  return ms === undefined ? "" : Math.round(ms * microsecondsPerMs);
}

function toMs(microseconds: number | undefined): number | undefined {
  return microseconds === undefined ? undefined : microseconds / microsecondsPerMs;
}

function asNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw badMessage(`figures "${text.slice(0, maxShownChars)}"`);
}

const maxShownChars = 100;
