import { systemClock } from "../../runtime/base/clock.ts";
import { Pulse } from "../../runtime/pool/pulse.ts";
import { RunningCalls } from "../../runtime/pool/running_calls.ts";
import { StartGate } from "../../runtime/worker/start_gate.ts";
import type { CallIds } from "../../runtime/protocol/call.ts";
import { callOf } from "../task/support.ts";

/** Between two looks of the gateway at the worker. */
const lookEveryMs = 100;
/** A look that comes this much too late waits until what has come has been read. */
const lateMs = 50;
/** Nobody sleeps any more after this long, so that everything comes to its end. */
const activeMs = 20_000;
const endMs = 30_000;

/** What happens when. */
export interface Script {
  /** Between one call and the next. */
  readonly gapsMs: readonly number[];
  /** The worker sleeps this long at each point where it might, in turn. */
  readonly workerPausesMs: readonly number[];
  /** And the gateway. */
  readonly gatewayPausesMs: readonly number[];
  /** What a message takes, in turn. */
  readonly latencyMs: readonly number[];
  /** How long each call runs, in turn. */
  readonly runsMs: readonly number[];
  /** How many the worker runs at once. */
  readonly places: number;
  readonly gatewayClockMs: number;
  readonly workerClockMs: number;
  /** Whether the gateway, awake again, looks at the worker before it reads what has come. */
  readonly looksBeforeReading: boolean;
  /**
   * Whether the gateway takes back what it may without asking whether the worker is blocked, at any
   * time.
   */
  readonly isEager: boolean;
}

/** What came of it. */
export interface Run {
  readonly byWorker: readonly number[];
  readonly elsewhere: readonly number[];
  readonly asked: number;
  readonly returned: number;
  /** The most that ever ran at once in the worker. */
  readonly atOnce: number;
}

type ToWorker =
  | { readonly kind: "call"; readonly id: number }
  | { readonly kind: "sentAt" | "synced"; readonly ticks: number }
  | { readonly kind: "go" | "drop" | "ping" };
type ToGateway =
  | { readonly kind: "ask" | "ended"; readonly id: number }
  | { readonly kind: "returned"; readonly ids: readonly number[] }
  | { readonly kind: "sync" | "pong" };

/** How often each call was started. */
export function describeRun({ byWorker, elsewhere }: Run) {
  const all = [...byWorker, ...elsewhere];
  const ids = [...new Set(all)];
  const countOf = (id: number) => all.filter((other) => other === id).length;
  const highest = Math.max(0, ...ids);
  return {
    once: ids.filter((id) => countOf(id) === 1).length,
    twice: ids.filter((id) => countOf(id) > 1),
    never: Array.from({ length: highest }, (_, index) => index + 1).filter((id) =>
      countOf(id) === 0
    ),
  };
}

/** Runs a gateway and a worker through a script. */
export function runSimulation(script: Script): Run {
  return new Simulation(script).run();
}

/** Messages in one direction: none overtakes another. */
class Channel<M> {
  readonly #latencyMs: readonly number[];
  readonly #messages: { readonly dueMs: number; readonly message: M }[] = [];
  #sent = 0;
  #lastMs = 0;

  constructor(latencyMs: readonly number[]) {
    this.#latencyMs = latencyMs;
  }

  send(message: M, nowMs: number): void {
    const latencyMs = this.#latencyMs[this.#sent % this.#latencyMs.length] ?? 0;
    this.#sent += 1;
    this.#lastMs = Math.max(this.#lastMs, nowMs + latencyMs);
    this.#messages.push({ dueMs: this.#lastMs, message });
  }

  /** The next that has arrived. */
  receive(nowMs: number): M | undefined {
    const [first] = this.#messages;
    if (!first || first.dueMs > nowMs) return undefined;
    this.#messages.shift();
    return first.message;
  }
}

/**
 * A gateway that keeps the rules of `RunningCalls` and `Pulse`, and a worker with a `StartGate`. Time
 * passes while the worker sleeps, wherever it does so: between its mark and its look at the clock, too.
 */
class Simulation {
  readonly #script: Script;
  readonly #toWorker: Channel<ToWorker>;
  readonly #toGateway: Channel<ToGateway>;
  readonly #mark = new Uint32Array(2);
  readonly #running: RunningCalls;
  readonly #pulse = new Pulse();
  readonly #gate: StartGate<{ readonly id: number }>;
  /** What the worker sends leaves it at the end of its turn. */
  readonly #outbox: ToGateway[] = [];
  readonly #byWorker: number[] = [];
  readonly #elsewhere: number[] = [];
  readonly #callTimes: number[];
  /** What the worker runs, and when it ends. */
  #inWorker: { readonly id: number; readonly endMs: number }[] = [];
  /** What is to be done at the end of the worker's turn. */
  readonly #soon: (() => void)[] = [];
  /** The timers of the worker. */
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];
  #nowMs = 0;
  #asked = 0;
  #returned = 0;
  #started = 0;
  #atOnce = 0;
  #workerPauses = 0;
  #gatewayPauses = 0;
  #gatewayWakesMs = 0;
  #lookDueMs = lookEveryMs;
  #isSynced = false;
  #sentTicks = -1;
  /** Whether the gateway has found the worker blocked. */
  #isStalled = false;

  constructor(script: Script) {
    this.#script = script;
    this.#running = new RunningCalls({ clock: systemClock, processConcurrency: script.places });
    this.#toWorker = new Channel(script.latencyMs);
    this.#toGateway = new Channel(script.latencyMs);
    let atMs = 50;
    this.#callTimes = script.gapsMs.map((gapMs) => atMs += gapMs);
    this.#gate = new StartGate({
      mark: this.#mark,
      places: script.places,
      clock: () => this.#readWorkerClock(),
      after: (delayMs, callback) => {
        this.#timers.push({ dueMs: this.#nowMs + delayMs, callback });
        return () => {};
      },
      start: ({ id }) => {
        this.#sleep();
        this.#byWorker.push(id);
        this.#run(id);
        this.#sleep();
      },
      soon: (callback) => void this.#soon.push(callback),
      ask: (id) => {
        this.#asked += 1;
        this.#outbox.push({ kind: "ask", id });
      },
      sync: () => void this.#outbox.push({ kind: "sync" }),
      giveBack: (ids) => {
        this.#outbox.push({ kind: "returned", ids });
        this.#flush();
      },
    });
  }

  run(): Run {
    this.#gate.sync();
    while (this.#nowMs < endMs) {
      this.#workerTurn();
      this.#pass(1);
    }
    return {
      byWorker: this.#byWorker,
      elsewhere: this.#elsewhere,
      asked: this.#asked,
      returned: this.#returned,
      atOnce: this.#atOnce,
    };
  }

  /** Time passes, in which the gateway does what it does. */
  #pass(durationMs: number): void {
    for (let passedMs = 0; passedMs < durationMs; passedMs++) {
      this.#nowMs += 1;
      if (this.#nowMs >= this.#gatewayWakesMs) this.#gatewayTurn();
    }
  }

  #sleep(): void {
    if (this.#nowMs > activeMs) return;
    this.#pass(this.#script.workerPausesMs[this.#workerPauses++] ?? 0);
  }

  #readWorkerClock(): number {
    this.#sleep();
    const nowMs = this.#nowMs + this.#script.workerClockMs;
    this.#sleep();
    return nowMs;
  }

  #workerTurn(): void {
    for (let next = this.#read(); next; next = this.#read()) this.#handleInWorker(next);
    this.#endCalls();
    this.#fireTimers();
    this.#flush();
    for (const callback of this.#soon.splice(0)) callback();
  }

  /** Some end within the call that starts them, the others in a later turn. */
  #run(id: number): void {
    const { runsMs } = this.#script;
    const runMs = runsMs[this.#started++ % runsMs.length] ?? 0;
    this.#inWorker.push({ id, endMs: this.#nowMs + runMs });
    this.#atOnce = Math.max(this.#atOnce, this.#inWorker.length);
    if (runMs === 0) this.#end(id);
  }

  #end(id: number): void {
    this.#inWorker = this.#inWorker.filter((other) => other.id !== id);
    this.#outbox.push({ kind: "ended", id });
    this.#gate.ended();
  }

  #endCalls(): void {
    for (const { id, endMs } of this.#inWorker) if (endMs <= this.#nowMs) this.#end(id);
  }

  #fireTimers(): void {
    const isDue = ({ dueMs }: { readonly dueMs: number }) => dueMs <= this.#nowMs;
    const due = this.#timers.filter(isDue);
    this.#timers = this.#timers.filter((timer) => !isDue(timer));
    for (const { callback } of due) callback();
  }

  #flush(): void {
    for (const message of this.#outbox.splice(0)) this.#toGateway.send(message, this.#nowMs);
  }

  #read(): ToWorker | undefined {
    const message = this.#toWorker.receive(this.#nowMs);
    if (message) this.#sleep();
    return message;
  }

  #handleInWorker(message: ToWorker): void {
    switch (message.kind) {
      case "call":
        return this.#gate.offer({ id: message.id });
      case "sentAt":
        return this.#gate.sentAt(message.ticks);
      case "synced":
        return this.#gate.synced(message.ticks);
      case "go":
        return this.#gate.go();
      case "drop":
        return this.#gate.drop();
      case "ping":
        return void this.#outbox.push({ kind: "pong" });
    }
  }

  #gatewayTurn(): void {
    if (this.#script.looksBeforeReading) this.#look();
    for (
      let next = this.#toGateway.receive(this.#nowMs);
      next;
      next = this.#toGateway.receive(this.#nowMs)
    ) this.#handleInGateway(next);
    if (!this.#script.looksBeforeReading) this.#look();
    this.#sendCalls();
    if (this.#nowMs > activeMs) return;
    // It sleeps seldom: after every tenth turn.
    const pauseMs = this.#nowMs % 10 === 0
      ? this.#script.gatewayPausesMs[this.#gatewayPauses++] ?? 0
      : 0;
    this.#gatewayWakesMs = this.#nowMs + pauseMs;
  }

  get #gatewayNowMs(): number {
    return this.#nowMs + this.#script.gatewayClockMs;
  }

  #handleInGateway(message: ToGateway): void {
    this.#pulse.heard();
    switch (message.kind) {
      case "ask": {
        const isOurs = this.#running.letStart(message.id, this.#gatewayNowMs);
        if (isOurs) this.#sendTime(this.#gatewayNowMs);
        return this.#send({ kind: isOurs ? "go" : "drop" });
      }
      case "returned":
        this.#returned += message.ids.length;
        return this.#moveAll(this.#running.takeReturned(message.ids));
      case "ended":
        return void this.#running.end(message.id);
      case "sync":
        this.#isSynced = true;
        return this.#send({ kind: "synced", ticks: toTicks(this.#gatewayNowMs) });
      case "pong":
        return;
    }
  }

  #look(): void {
    if (this.#script.isEager) return this.#takeBack();
    if (this.#nowMs < this.#lookDueMs) return;
    if (this.#nowMs - this.#lookDueMs >= lateMs) {
      this.#lookDueMs = this.#nowMs + 5;
      return;
    }
    this.#lookDueMs = this.#nowMs + lookEveryMs;
    if (this.#running.size === 0 && !this.#isStalled) return this.#pulse.heard();
    switch (this.#pulse.look(this.#gatewayNowMs)) {
      case "ask":
        return this.#send({ kind: "ping" });
      case "alive":
        this.#isStalled = false;
        return;
      case "blocked":
        this.#isStalled = true;
        return this.#takeBack();
    }
  }

  #takeBack(): void {
    this.#moveAll(this.#running.takeUnstarted(this.#mark[1] ?? 0, this.#gatewayNowMs));
  }

  #moveAll(calls: readonly CallIds[]): void {
    for (const { traceId } of calls) this.#elsewhere.push(Number(traceId));
  }

  #sendCalls(): void {
    while (this.#isSynced && (this.#callTimes[0] ?? Infinity) <= this.#nowMs) {
      this.#callTimes.shift();
      const name = this.#running.total + 1;
      const sentMs = this.#gatewayNowMs;
      const call = { ...callOf({ traceId: String(name) }), sentMs, onEnd() {}, onReturned() {} };
      const id = this.#running.add(call);
      this.#sendTime(sentMs);
      this.#send({ kind: "call", id });
    }
  }

  #sendTime(monotonicMs: number): void {
    const ticks = toTicks(monotonicMs);
    if (ticks === this.#sentTicks) return;
    this.#sentTicks = ticks;
    this.#send({ kind: "sentAt", ticks });
  }

  #send(message: ToWorker): void {
    this.#toWorker.send(message, this.#nowMs);
  }
}

function toTicks(monotonicMs: number): number {
  return Math.floor(monotonicMs) >>> 0;
}
