/** A stretch of time, in milliseconds since 1970. */
export interface Span {
  /** When it began to wait; the same as `startMs` when it did not. */
  readonly queuedMs: number;
  readonly startMs: number;
  /** Undefined when it has not ended, or nobody saw its end. */
  readonly endMs: number | undefined;
}

/** The time that all bars of a picture stand for, and how wide they are. */
export interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
  /** In characters. */
  readonly width: number;
}

const waiting = "╌";
const running = "━";
const open = "▶";

/** Draws a stretch of time as a bar on an axis; it is never invisible, and as wide as the axis. */
export function drawBar({ queuedMs, startMs, endMs }: Span, axis: Axis): string {
  const start = toCell(startMs, axis);
  const queued = Math.min(toCell(queuedMs, axis), start);
  const end = endMs === undefined ? axis.width - 1 : toCell(endMs, axis);
  const length = Math.max(1, end - start + (endMs === undefined ? 0 : 1));
  const run = endMs === undefined ? running.repeat(axis.width - 1 - start) + open : "";
  const bar = " ".repeat(queued) + waiting.repeat(start - queued) +
    (run || running.repeat(Math.min(length, axis.width - start)));
  return bar.padEnd(axis.width);
}

/** Draws the ends and the middle of an axis, as `show` writes durations. */
export function drawAxis(axis: Axis, show: (durationMs: number) => string): string {
  const lengthMs = axis.toMs - axis.fromMs;
  const [first, middle, last] = [show(0), show(lengthMs / 2), show(lengthMs)];
  const room = axis.width - first.length - middle.length - last.length;
  if (room < 2) return first.padEnd(Math.max(first.length + 1, axis.width - last.length)) + last;
  const before = Math.max(1, Math.floor((axis.width - middle.length) / 2) - first.length);
  const after = Math.max(1, axis.width - first.length - before - middle.length - last.length);
  return first + " ".repeat(before) + middle + " ".repeat(after) + last;
}

function toCell(timeMs: number, { fromMs, toMs, width }: Axis): number {
  if (toMs <= fromMs) return 0;
  const share = (timeMs - fromMs) / (toMs - fromMs);
  return Math.min(width - 1, Math.max(0, Math.floor(share * width)));
}
