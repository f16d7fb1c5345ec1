import { describe, expect, test } from "bun:test";
import { markInUse, returnAfterMs, startWithinMs } from "../../runtime/protocol/start_mark.ts";
import { StartGate } from "../../runtime/worker/start_gate.ts";

interface Item {
  readonly id: number;
}

/** A gate, its memory and its clock; the gateway's clock is `aheadMs` ahead of it. */
function createGate({ aheadMs = 0, hasMark = true, places = 100 } = {}) {
  const time = { nowMs: 50.5 };
  let timers: { readonly dueMs: number; readonly callback: () => void }[] = [];
  const mark = hasMark ? new Uint32Array(2) : undefined;
  const events: string[] = [];
  const soon: (() => void)[] = [];
  /** What a start leads to. */
  const onStart: ((id: number) => void)[] = [];
  const gate = new StartGate<Item>({
    mark,
    places,
    clock: () => time.nowMs,
    after(delayMs, callback) {
      timers.push({ dueMs: time.nowMs + delayMs, callback });
      return () => {};
    },
    soon: (callback) => void soon.push(callback),
    start({ id }) {
      events.push(`start ${id}, marked ${mark?.[1]}`);
      for (const action of onStart) action(id);
    },
    ask: (id) => void events.push(`ask ${id}, marked ${mark?.[1]}`),
    sync: () => void events.push("sync"),
    giveBack: (ids) => void events.push(`give back ${ids}, marked ${mark?.[1]}`),
  });
  /** The gateway's clock, as it travels. */
  const ticks = () => Math.floor(time.nowMs + aheadMs) >>> 0;
  gate.sync();
  gate.synced(ticks());
  events.length = 0;
  /** The gateway sends calls, which arrive after a while. */
  const send = (ids: readonly number[], tookMs = 0) => {
    gate.sentAt(ticks());
    time.nowMs += tookMs;
    for (const id of ids) gate.offer({ id });
  };
  /** The gateway lets the first call that is held start. */
  const go = (tookMs = 0) => {
    gate.sentAt(ticks());
    time.nowMs += tookMs;
    gate.go();
  };
  /** A call ends, and the turn with it. */
  const end = () => {
    gate.ended();
    for (const callback of soon.splice(0)) callback();
  };
  /** Time passes, and the event loop turns. */
  const pass = (durationMs: number) => {
    time.nowMs += durationMs;
    const due = timers.filter(({ dueMs }) => dueMs <= time.nowMs);
    timers = timers.filter(({ dueMs }) => dueMs > time.nowMs);
    for (const { callback } of due) callback();
  };
  const countTimers = () => timers.length;
  return { gate, mark, time, events, onStart, ticks, send, go, end, pass, countTimers, soon };
}

describe("StartGate", () => {
  test("shows that it is there, and that nothing has been started", () => {
    expect([...createGate().mark ?? []]).toEqual([markInUse, 0]);
  });

  test("starts calls in order, each marked before", () => {
    const { events, send } = createGate({ aheadMs: 12_345.67 });
    send([1, 2], 10);
    send([3], startWithinMs - 2);
    expect(events).toEqual(["start 1, marked 1", "start 2, marked 2", "start 3, marked 3"]);
  });

  test("holds what comes late, undoes its mark, and asks about the first of it", () => {
    const { events, send, mark } = createGate();
    send([1]);
    send([2, 3, 4], startWithinMs + 2);
    expect(events).toEqual(["start 1, marked 1", "ask 2, marked 1"]);
    expect(mark?.[1]).toBe(1);
  });

  test("starts what it was told to, and asks about the next", () => {
    const { events, send, go } = createGate();
    send([1, 2], 300);
    go(5);
    expect(events).toEqual(["ask 1, marked 0", "start 1, marked 1", "ask 2, marked 1"]);
    go();
    expect(events.slice(3)).toEqual(["start 2, marked 2"]);
  });

  test("drops what it has lost, unmarked, and asks about the next", () => {
    const { gate, events, send, go, mark } = createGate();
    send([1, 2, 3], 300);
    gate.drop();
    gate.drop();
    expect([events, mark?.[1]]).toEqual([
      ["ask 1, marked 0", "ask 2, marked 0", "ask 3, marked 0"],
      0,
    ]);
    go();
    expect(events.slice(3)).toEqual(["start 3, marked 3"]);
  });

  test("holds what comes in time behind something that is held, so that order stays", () => {
    const { events, send, go } = createGate();
    send([1], 300);
    send([2]);
    expect(events).toEqual(["ask 1, marked 0"]);
    go();
    send([3]);
    expect(events.slice(1)).toEqual([
      "start 1, marked 1",
      "start 2, marked 2",
      "start 3, marked 3",
    ]);
  });

  test("asks again when the answer comes late, too", () => {
    const { events, send, go, mark } = createGate();
    send([1], 300);
    go(300);
    expect([events, mark?.[1]]).toEqual([["ask 1, marked 0", "ask 1, marked 0"], 0]);
    go();
    expect(events.slice(2)).toEqual(["start 1, marked 1"]);
  });

  test("holds the rest when the start of one takes long", () => {
    const { events, onStart, send, time } = createGate();
    onStart.push((id) => void (time.nowMs += id === 1 ? 500 : 0));
    send([1, 2, 3]);
    expect(events).toEqual(["start 1, marked 1", "ask 2, marked 1"]);
  });

  test("finds what it holds, and nothing else", () => {
    const { gate, send } = createGate();
    send([1]);
    send([2, 3], 300);
    expect([gate.find(1), gate.find(3)?.id, gate.find(4)]).toEqual([undefined, 3, undefined]);
    gate.drop();
    expect(gate.find(2)).toBeUndefined();
  });

  test("makes nothing of answers to nothing", () => {
    const { gate, events } = createGate();
    gate.go();
    gate.drop();
    expect(events).toEqual([]);
  });

  test("starts everything at once where there is no memory to share", () => {
    const { events, send } = createGate({ hasMark: false });
    send([1, 2], 10_000);
    expect(events).toEqual(["start 1, marked undefined", "start 2, marked undefined"]);
  });
});

describe("StartGate and its places", () => {
  test("holds what finds none, and starts the next when one ends", () => {
    const { gate, events, send, end } = createGate({ places: 2 });
    send([1, 2, 3, 4]);
    expect(events.splice(0)).toEqual(["start 1, marked 1", "start 2, marked 2"]);
    expect([gate.find(2), gate.find(3)?.id]).toEqual([undefined, 3]);
    end();
    expect(events.splice(0)).toEqual(["start 3, marked 3"]);
    send([5]);
    end();
    end();
    expect(events).toEqual(["start 4, marked 4", "start 5, marked 5"]);
  });

  test("starts what was held behind the answers of this turn, once for all of them", () => {
    const { gate, events, send, soon } = createGate({ places: 2 });
    send([1, 2, 3, 4]);
    events.length = 0;
    gate.ended();
    gate.ended();
    expect([events, soon.length]).toEqual([[], 1]);
    soon[0]?.();
    expect(events).toEqual(["start 3, marked 3", "start 4, marked 4"]);
  });

  test("starts one after the other what ends at once, not one within the other", () => {
    const { gate, events, onStart, send, end } = createGate({ places: 1 });
    let depth = 0;
    onStart.push((id) => {
      expect(++depth).toBe(1);
      if (id > 1) gate.ended();
      depth -= 1;
    });
    send([1, 2, 3, 4]);
    end();
    send([5]);
    expect(events.map((event) => event.split(",")[0])).toEqual(
      ["start 1", "start 2", "start 3", "start 4", "start 5"],
    );
  });

  test("gives all of it back when the first has found none for a while: order stays", () => {
    const { gate, events, send, end, pass } = createGate({ places: 1 });
    send([1, 2, 3]);
    pass(10);
    send([4]);
    pass(returnAfterMs - 11);
    expect(events.splice(0)).toEqual(["start 1, marked 1"]);
    pass(1);
    expect(events.splice(0)).toEqual(["give back 2,3,4, marked 1"]);
    expect([gate.find(2), gate.find(4)]).toEqual([undefined, undefined]);
    end();
    send([5]);
    expect(events).toEqual(["start 5, marked 5"]);
  });

  test("gives nothing back while so much ends that all of it is about to start", () => {
    const { events, send, end, pass } = createGate({ places: 1 });
    send([1, 2, 3, 4, 5]);
    end();
    end();
    pass(returnAfterMs);
    expect(events.splice(0)).toHaveLength(3);
    end();
    pass(returnAfterMs);
    expect(events.splice(0)).toEqual(["start 4, marked 4"]);
    pass(returnAfterMs);
    expect(events).toEqual(["give back 5, marked 4"]);
  });

  test("gives nothing back for which a place has just become free", () => {
    const { gate, events, send, pass, soon } = createGate({ places: 1 });
    send([1, 2, 3]);
    gate.ended();
    pass(returnAfterMs);
    expect(events.splice(0)).toEqual(["start 1, marked 1"]);
    soon[0]?.();
    expect(events).toEqual(["start 2, marked 2"]);
  });

  test("looks again for as long as it holds something, with one timer", () => {
    const { events, send, end, pass, countTimers } = createGate({ places: 1 });
    send([1, 2]);
    pass(1);
    send([3]);
    expect(countTimers()).toBe(1);
    end();
    end();
    pass(returnAfterMs);
    expect([events.splice(0).length, countTimers()]).toEqual([3, 0]);
    send([4]);
    expect(countTimers()).toBe(1);
    pass(returnAfterMs);
    expect([events, countTimers()]).toEqual([["give back 4, marked 3"], 0]);
  });

  test("keeps what waits behind a question", () => {
    const { events, send, go, pass } = createGate({ places: 2 });
    send([1], 300);
    send([2, 3]);
    pass(returnAfterMs);
    expect(events.splice(0)).toEqual(["ask 1, marked 0"]);
    go();
    expect(events).toEqual(["start 1, marked 1", "start 2, marked 2"]);
  });

  test("asks about what has found its place too late", () => {
    const { gate, events, send, end, time } = createGate({ places: 1 });
    send([1, 2, 3]);
    // It blocks: no timer fires.
    time.nowMs += startWithinMs + 2;
    end();
    expect(events).toEqual(["start 1, marked 1", "ask 2, marked 1"]);
    gate.drop();
    expect(events.slice(2)).toEqual(["ask 3, marked 1"]);
  });
});

describe("StartGate and the gateway's clock", () => {
  const dayMs = 86_400_000;

  test.each([0, -49.9, 0.4, 12_345.6, 30 * dayMs, 49 * dayMs, 2 ** 32 - 60, 2 ** 32, 2 ** 33 + 7])(
    "that is %d ms ahead: starts what is in time and no more",
    (aheadMs) => {
      const { events, send } = createGate({ aheadMs });
      send([1], startWithinMs - 2);
      send([2], startWithinMs + 2);
      expect(events).toEqual(["start 1, marked 1", "ask 2, marked 1"]);
    },
  );

  test.each([-199, -100, -1])("wraps around %d ms into the way of a call", (wrapsInMs) => {
    const { events, send, time } = createGate({ aheadMs: 2 ** 32 + wrapsInMs - 50.5 - 500 });
    time.nowMs += 500;
    send([1], 150);
    send([2], 250);
    expect(events).toEqual(["start 1, marked 1", "ask 2, marked 1"]);
  });

  test("is asked again while the answer takes long, and a slow answer is on the safe side", () => {
    const { gate, events, send, ticks, time } = createGate();
    for (let round = 0; round < 3; round++) {
      gate.sync();
      const answer = ticks();
      time.nowMs += 150;
      // Read early, it comes late: our clock seems to be behind by no more than it can be.
      gate.synced(answer);
      expect(events.splice(0)).toEqual(["sync", "sync"]);
    }
    gate.sync();
    time.nowMs += 150;
    gate.synced(ticks());
    events.length = 0;
    // Read late: the gateway seems 150 ms further ahead than it is.
    send([1], 60);
    expect(events).toEqual(["ask 1, marked 0"]);
    gate.drop();
    gate.sync();
    gate.synced(ticks());
    events.length = 0;
    send([2], 60);
    expect(events).toEqual(["start 2, marked 2"]);
  });
});
