import { expect, test } from "bun:test";
import type { PoolSettings } from "../../runtime/pool/pool_settings.ts";
import { type PoolView, wantsProcess } from "../../runtime/pool/scaling.ts";
import { settings as base } from "./created_pool.ts";

const settings: PoolSettings = {
  ...base,
  minProcesses: 0,
  maxProcesses: 2,
  maxOverdueProcesses: 1,
};
const keepsTwo: Partial<PoolSettings> = { minProcesses: 2, maxProcesses: 3 };

/** A pool without anybody and anything, but for what is given. */
function viewOf(view: Partial<PoolView>): PoolView {
  return {
    starting: 0,
    slow: 0,
    ready: 0,
    outside: 0,
    queueLength: 0,
    hasWaitedLong: false,
    isDescriptionWanted: false,
    ...view,
  };
}

type Row = readonly [
  situation: string,
  isWanted: boolean,
  view: Partial<PoolView>,
  options?: Partial<PoolSettings>,
];

const rows: readonly Row[] = [
  ["nobody is there", false, {}],
  ["somebody waits and there is no process", true, { queueLength: 1 }],
  ["somebody waits for one that starts", false, { queueLength: 9, starting: 1 }],
  ["somebody waits long for one that starts", false, {
    queueLength: 9,
    starting: 1,
    hasWaitedLong: true,
  }],
  ["a queue turns over quickly", false, { queueLength: 900, ready: 1 }],
  ["somebody waits long", true, { queueLength: 1, ready: 1, hasWaitedLong: true }],
  ["somebody has waited long, and nobody does", false, { ready: 1, hasWaitedLong: true }],
  ["somebody waits, and a process is overdue", true, { queueLength: 1, outside: 1 }],

  ["there are as many as may be", false, { queueLength: 9, ready: 2, hasWaitedLong: true }],
  ["there will be as many as may be", false, {
    queueLength: 9,
    ready: 1,
    starting: 1,
    hasWaitedLong: true,
  }],
  ["overdue ones are not counted at first", true, {
    queueLength: 9,
    ready: 1,
    outside: 1,
    hasWaitedLong: true,
  }],
  ["more overdue ones than may be are counted", false, {
    queueLength: 9,
    ready: 1,
    outside: 2,
    hasWaitedLong: true,
  }],
  ["all places are taken by overdue ones", false, { queueLength: 9, outside: 3 }],
  ["no overdue one may be beyond the others", false, { queueLength: 9, outside: 2 }, {
    maxOverdueProcesses: 0,
  }],

  ["fewer are there than are kept", true, { ready: 1 }, keepsTwo],
  ["fewer are there than are kept, and one starts", true, { starting: 1 }, keepsTwo],
  ["as many are there as are kept", false, { ready: 2 }, keepsTwo],
  ["as many start as are kept", false, { starting: 2 }, keepsTwo],
  ["overdue ones are none of those that are kept", true, { ready: 1, outside: 1 }, keepsTwo],
  ["all places are taken, and fewer are ready than are kept", false, { ready: 1, outside: 3 }, {
    ...keepsTwo,
    maxOverdueProcesses: 0,
  }],

  ["somebody wants to know what a task exports", true, { isDescriptionWanted: true }],
  ["somebody wants to know, beside one that runs", true, { isDescriptionWanted: true, ready: 1 }],
  ["somebody wants to know, and there is no place", false, { isDescriptionWanted: true, ready: 2 }],
];

test.each(rows)("wantsProcess() when %s: %p", (_situation, isWanted, view, options = {}) => {
  expect(wantsProcess(viewOf(view), { ...settings, ...options })).toBe(isWanted);
});
