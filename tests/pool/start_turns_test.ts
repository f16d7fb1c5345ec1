import { describe, expect, test } from "bun:test";
import { StartTurns } from "../../runtime/pool/start_turns.ts";
import { createPool } from "./created_pool.ts";
import { createWorkers } from "./fake_workers.ts";

/** Somebody who takes a turn, at once or when it is offered. */
class Starting {
  readonly #turns: StartTurns;
  readonly #wanted: number;
  readonly ends: (() => void)[] = [];
  /** How often it was offered a turn. */
  offers = 0;

  constructor(turns: StartTurns, wanted = 1) {
    this.#turns = turns;
    this.#wanted = wanted;
    this.take();
  }

  readonly onTurn = () => {
    this.offers += 1;
    this.take();
  };

  take(): void {
    if (this.ends.length >= this.#wanted) return;
    const end = this.#turns.take(this.onTurn);
    if (end) this.ends.push(end);
  }
}

describe("StartTurns", () => {
  test("has as many at once as its limit, and offers what is free in order", () => {
    const turns = new StartTurns(2);
    const all = Array.from({ length: 4 }, () => new Starting(turns));
    const taken = () => all.map(({ ends }) => ends.length);
    expect(taken()).toEqual([1, 1, 0, 0]);
    all[1]?.ends[0]?.();
    expect(taken()).toEqual([1, 1, 1, 0]);
    all[0]?.ends[0]?.();
    expect(taken()).toEqual([1, 1, 1, 1]);
    expect(all.map(({ offers }) => offers)).toEqual([0, 0, 1, 1]);
  });

  test("counts the end of a turn once", () => {
    const turns = new StartTurns(1);
    const [first, second, third] = [new Starting(turns), new Starting(turns), new Starting(turns)];
    for (let count = 0; count < 3; count++) first.ends[0]?.();
    expect([second.ends.length, third.ends.length]).toEqual([1, 0]);
  });

  test("has those who want several wait behind the others for each", () => {
    const turns = new StartTurns(1);
    const [first, many, last] = [new Starting(turns), new Starting(turns, 2), new Starting(turns)];
    first.ends[0]?.();
    many.take();
    many.ends[0]?.();
    expect([many.ends.length, last.ends.length]).toEqual([1, 1]);
    last.ends[0]?.();
    expect(many.ends.length).toBe(2);
  });

  test("goes on to the next when somebody does not want it any more", () => {
    const turns = new StartTurns(1);
    const [first, second] = [new Starting(turns), new Starting(turns)];
    const [third, fourth] = [new Starting(turns), new Starting(turns)];
    turns.forget(second.onTurn);
    turns.take(() => {});
    third.take = () => {};
    first.ends[0]?.();
    expect([second.offers, third.offers, fourth.ends.length]).toEqual([0, 1, 1]);
  });
});

describe("pools that share the turns of their starts", () => {
  test("start one after the other, as soon as the process before has connected", async () => {
    await using workers = await createWorkers();
    const turns = new StartTurns(1);
    const [one, other] = [createPool(workers, { turns }), createPool(workers, { turns })];
    const askers = [one.ask(), other.ask()];
    expect(workers.children.length).toBe(1);
    workers.last.connect();
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(askers.map(({ slot }) => slot?.pid)).toEqual([undefined, workers.last.pid]);
  });

  test("go on after one that dies before", async () => {
    await using workers = await createWorkers();
    const turns = new StartTurns(1);
    const [one, other] = [createPool(workers, { turns }), createPool(workers, { turns })];
    one.ask();
    const asker = other.ask();
    await workers.last.exit({ code: 1 });
    expect(workers.children.length).toBe(2);
    const second = workers.last;
    await second.start();
    expect(asker.slot?.pid).toBe(second.pid);
  });

  test("go on after those that the system does not start", async () => {
    await using workers = await createWorkers();
    const turns = new StartTurns(1);
    const [one, other] = [createPool(workers, { turns }), createPool(workers, { turns })];
    workers.isOutOfProcesses = true;
    expect(one.ask().refusal?.kind).toBe("unavailable");
    workers.isOutOfProcesses = false;
    const asker = other.ask();
    await workers.last.start();
    expect(asker.slot?.pid).toBe(workers.last.pid);
  });

  test("leave no turn to one that has been closed", async () => {
    await using workers = await createWorkers();
    const turns = new StartTurns(1);
    const [one, other, last] = [1, 2, 3].map(() => createPool(workers, { turns }));
    one?.ask();
    const waiting = other?.ask();
    const served = last?.ask();
    await other?.pool.close();
    expect(waiting?.refusal).toEqual({ kind: "stopping" });
    workers.last.connect();
    expect(workers.children.length).toBe(2);
    await workers.last.start();
    expect(served?.slot?.pid).toBe(workers.last.pid);
  });
});
