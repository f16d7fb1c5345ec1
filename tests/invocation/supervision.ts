import { IdSource } from "../../runtime/base/ids.ts";
import type { TaskSettings } from "../../runtime/base/task_settings.ts";
import type { Answer, SupervisedRequest, WaitingClient } from "../../runtime/invocation/answer.ts";
import { Supervisor } from "../../runtime/invocation/supervisor.ts";
import { ManualClock } from "../manual_clock.ts";
import { FakePool, FakeRecorder, targetOf } from "./support.ts";

/** What the gateway has read. */
export const call = {
  requestId: "request",
  task: "hello",
  method: "GET",
  url: "http://acme.localhost/hello",
  headers: { accept: "*/*" },
  body: undefined,
};

/** A supervisor whose time and processes are in the hands of the test. */
export function createSupervision(settings: Partial<TaskSettings> = {}) {
  const clock = new ManualClock();
  const pool = new FakePool();
  const recorder = new FakeRecorder();
  const ids = new IdSource();
  const supervisor = new Supervisor({ clock, ids, recorder });
  const run = () => {
    const watched = new WatchedRequest();
    const firstTraceId = ids.traceId();
    watched.watch(supervisor.run(targetOf(pool, settings), { ...call, firstTraceId }, watched));
    return watched;
  };
  return { clock, pool, recorder, supervisor, run };
}

/** A client, and its answer where a test can look at it without waiting for it. */
class WatchedRequest implements WaitingClient {
  readonly waitedMs = 0;
  answer: Answer | undefined;
  /** How often it was told that it waits longer than most. */
  lingered = 0;
  #request: SupervisedRequest | undefined;

  watch(request: SupervisedRequest): void {
    this.#request = request;
  }

  onAnswer(answer: Answer): void {
    if (this.answer) throw new Error("Cannot answer a request twice");
    this.answer = answer;
  }

  onLinger(run: SupervisedRequest): void {
    if (run !== this.#request) throw new Error("Cannot tell one client of the request of another");
    this.lingered += 1;
  }

  clientGone(): void {
    this.#request?.clientGone();
  }
}

/** Long enough for the timer that all requests share to find none and end. */
export const sweptMs = 50;

/** Lets promises that have settled tell so. */
export function settle(): Promise<void> {
  return new Promise(setImmediate);
}

/** Whether nothing waits or runs any more. */
export async function isIdle(
  { supervisor }: { readonly supervisor: Supervisor },
): Promise<boolean> {
  let isIdle = false;
  void supervisor.idle().then(() => {
    isIdle = true;
  });
  await settle();
  return isIdle;
}
