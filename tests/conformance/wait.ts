import { existsSync } from "node:fs";
import { deadline, delay } from "../../runtime/base/deadline.ts";

const pollMs = 10;
const defaultTimeoutMs = 10_000;

/** Waits until the condition holds and returns its value; fails after `timeoutMs`. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = defaultTimeoutMs,
): Promise<NonNullable<T>> {
  const giveUp = new AbortController();
  const value = poll(condition, giveUp.signal);
  try {
    return await deadline(value, timeoutMs, { what: `see ${what}` });
  } finally {
    giveUp.abort();
  }
}

/** Waits for a file to appear. */
export async function untilExists(file: string, timeoutMs = defaultTimeoutMs): Promise<void> {
  await until(`the file "${file}"`, () => existsSync(file), timeoutMs);
}

async function poll<T>(condition: () => T | Promise<T>, signal: AbortSignal) {
  while (true) {
    const value = await condition();
    if (value) return value;
    if (signal.aborted) throw signal.reason;
    await delay(pollMs);
  }
}
