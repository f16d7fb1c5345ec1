import type { Clock } from "../base/clock.ts";
import type { Target } from "../invocation/release.ts";
import { admitBody } from "./admit_body.ts";
import { bodyNotice } from "./body.ts";
import type { BodyMemory } from "./body_memory.ts";
import { isPreflight, preflightHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import type { HostTable } from "./hosts.ts";
import { allowedMethods, isAllowed } from "./methods.ts";
import {
  type Outgoing,
  type Rejection,
  toEmptyOutgoing,
  toOutgoing,
  toRejection,
} from "./reply.ts";

/** A connection on which nothing moves for this long is closed, unless its request waits. */
export const idleTimeoutMs = 30_000;

/** A request that has passed every check. */
export interface Admitted {
  readonly target: Target;
  readonly body: Uint8Array | undefined;
}

/** What the checks need besides the request. */
export interface CheckOptions {
  readonly clock: Clock;
  /** What all bodies together may take. */
  readonly bodies: BodyMemory;
  /** The table as it stands now: deployments come and go. */
  hosts(): HostTable;
}

/** The checks, in the order in which a client learns of them. */
export function check(
  exchange: Exchange,
  options: CheckOptions,
): Outgoing | Admitted | Promise<Outgoing | Admitted> {
  const target = findTarget(exchange, options.hosts());
  if ("status" in target) return toRejection(target, exchange);
  exchange.target = target;
  const isPlain = isKnownMethod(exchange, target) && bodyNotice(exchange) === "none";
  // The usual case goes straight on: every promise it would wait for costs.
  return isPlain ? { target, body: undefined } : checkFurther(exchange, target, options);
}

async function checkFurther(
  exchange: Exchange,
  target: Target,
  { bodies, clock }: CheckOptions,
): Promise<Outgoing | Admitted> {
  if (!isKnownMethod(exchange, target)) {
    const early = await learnShape(exchange, target, clock) ?? answerEarly(exchange, target);
    if (early) return early;
  }
  const notice = bodyNotice(exchange);
  if (notice === "none") return { target, body: undefined };
  const { maxBodyBytes: maxBytes } = target.task.settings;
  const admitted = await admitBody(exchange, { notice, maxBytes, bodies, clock });
  if ("status" in admitted) return toRejection(admitted, exchange);
  return { target, body: admitted.body };
}

function findTarget({ address, path }: Exchange, hosts: HostTable): Target | Rejection {
  const match = hosts.find(address.host);
  if (match.kind === "malformed") {
    return { status: 400, reason: "the Host header is missing or invalid" };
  }
  if (match.kind === "unknown") return { status: 404, reason: "no deployment has this host" };
  const { deployment } = match;
  const release = deployment.active;
  const task = path.task === undefined ? undefined : release.tasks.get(path.task);
  if (!task) return { status: 404, reason: "the deployment has no such web task" };
  return { deployment, release, task };
}

/** Decided without waiting: the handler is there. */
function isKnownMethod({ method, headers }: Exchange, { release, task }: Target): boolean {
  if (task.settings.cors && isPreflight(method, headers)) return false;
  const shape = release.pool.shapeOf(task.name);
  return shape !== undefined && isAllowed(shape, method);
}

/** Before its first request nobody knows what a task exports: a process has to load it. */
async function learnShape(
  exchange: Exchange,
  target: Target,
  clock: Clock,
): Promise<Outgoing | undefined> {
  const { release: { pool }, task: { name, settings } } = target;
  if (pool.shapeOf(name)) return undefined;
  const { request: { signal }, info } = exchange;
  const sinceMs = clock.monotonicMs();
  const wait = new AbortController();
  const leave = () => wait.abort();
  let isOverdue = false;
  const cancel = clock.after(settings.deadlineMs, () => {
    isOverdue = true;
    leave();
  });
  signal.addEventListener("abort", leave, { once: true });
  info.waiting();
  await pool.describeTask(name, wait.signal);
  exchange.waitedMs = clock.monotonicMs() - sinceMs;
  cancel();
  signal.removeEventListener("abort", leave);
  if (isOverdue) return toOutgoing({ kind: "timed-out", traceId: undefined }, exchange);
  if (!signal.aborted) return undefined;
  return toOutgoing({ kind: "client-left", traceId: undefined }, exchange);
}

/** Answers that need no handler: a preflight, OPTIONS, and methods the task does not have. */
function answerEarly(exchange: Exchange, target: Target): Outgoing | undefined {
  const { method, headers } = exchange;
  const { release: { pool }, task: { name, settings: { cors } } } = target;
  const shape = pool.shapeOf(name);
  const methods = allowedMethods(shape);
  if (cors && isPreflight(method, headers)) {
    return toEmptyOutgoing(preflightHeaders(cors, headers, methods), exchange);
  }
  // No process can tell, or the module does not load: the invocation will say so.
  if (!shape || shape.kind === "broken" || isAllowed(shape, method)) return undefined;
  const allow = { ...exchange.replyHeaders, allow: methods.join(", ") };
  if (method === "OPTIONS") return toEmptyOutgoing(allow, exchange);
  const reason = `the task has no handler for ${method}`;
  return toRejection({ status: 405, reason, headers: allow }, exchange);
}
