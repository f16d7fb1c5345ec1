import { asRecord, asText, badMessage, parseJson } from "../protocol/fields.ts";
import { noFigures } from "../protocol/figures.ts";
import type {
  InvocationRecord,
  RequestRecord,
  RunningInvocation,
  TaskOutput,
} from "../protocol/records.ts";
import { toInvocationFacts, toRequestFacts, toUs } from "./trace_facts.ts";
import { storedStates } from "./trace_schema.ts";

/*
 * What the gateway tells its recorder beside plain lines, a JSON object each: what is rare.
 */

/** Names that repeat, for which a number stands. */
export interface Place {
  readonly deployment: string;
  readonly release: string;
  readonly task: string;
  readonly method: string;
  readonly path: string;
}

/** A line that tells of something else than a request that went as most do. */
export type RareLine =
  | {
    readonly kind: "invocation";
    readonly traceId: string;
    readonly requestId: string;
    readonly place: number;
    readonly state: number;
    readonly durationUs: number | null;
    readonly facts: string;
  }
  | { readonly kind: "returned"; readonly traceId: string }
  | {
    readonly kind: "request";
    readonly requestId: string;
    readonly startedAt: number;
    readonly facts: string;
  }
  | {
    readonly kind: "output";
    readonly traceId: string | null;
    readonly requestId: string | null;
    readonly deployment: string;
    readonly task: string | null;
    readonly time: number;
    readonly level: string;
    readonly stream: string;
    readonly text: string;
    readonly omitted: number;
  };

const rareKinds: readonly RareLine["kind"][] = ["invocation", "returned", "request", "output"];

/** An invocation that has ended; `request` are the facts of its request, where it ended with it. */
export function toInvocationLine(
  record: InvocationRecord,
  { place, request }: { readonly place: number; readonly request: RequestRecord | undefined },
): string {
  const { traceId, requestId, state, durationMs } = record;
  return toLine({
    ...{ kind: "invocation", traceId, requestId, place },
    state: storedStates.indexOf(state),
    durationUs: toUs(durationMs),
    facts: toInvocationFacts(record, request && toRequestFacts(request)),
  });
}

/** An invocation that runs on. */
export function toRunningLine(running: RunningInvocation, place: number): string {
  const { traceId, requestId } = running;
  const open = { status: undefined, delivered: false, code: undefined, reason: undefined };
  return toLine({
    ...{ kind: "invocation", traceId, requestId, place, durationUs: null },
    state: storedStates.indexOf("RUNNING"),
    facts: toInvocationFacts({
      ...running,
      ...open,
      ...noFigures,
      queuedMs: undefined,
      stack: undefined,
    }),
  });
}

/** An invocation that had not been started after all. */
export function toReturnedLine(traceId: string): string {
  return toLine({ kind: "returned", traceId });
}

/** A request that its invocation alone does not tell of; names are for those without one. */
export function toRequestLine(request: RequestRecord): string {
  const { requestId, startedAt, deployment, release, task, method, path } = request;
  const names = [deployment ?? null, release ?? null, task ?? null, method, path];
  const facts = `[${toRequestFacts(request)},${JSON.stringify(names)}]`;
  return toLine({ kind: "request", requestId, startedAt, facts });
}

/** A line of output; what several may have printed is nobody's. */
export function toOutputLine(output: TaskOutput, time: number): string {
  const { calls, deployment = "", level, stream, text, omittedLines = 0 } = output;
  const only = calls.length === 1 ? calls[0] : undefined;
  return toLine({
    ...{ kind: "output", deployment, time, level, stream, text, omitted: omittedLines },
    traceId: only?.traceId ?? null,
    requestId: only?.requestId ?? null,
    task: only?.task ?? null,
  });
}

function toLine(line: RareLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Reads a line that is JSON; it comes from our own gateway, whose every field is not in doubt. */
export function readRareLine(text: string): RareLine {
  const line = asRecord(parseJson(text), "line");
  if (!isRareLine(line)) throw badMessage("line.kind");
  return line;
}

function isRareLine(line: Record<string, unknown>): line is RareLine {
  return rareKinds.some((kind) => kind === line["kind"]);
}

/** Reads the names for which a number stands. */
export function readPlace(text: string): Place {
  const { deployment, release, task, method, path } = asRecord(parseJson(text), "place");
  return {
    deployment: asText(deployment, "place.deployment"),
    release: asText(release, "place.release"),
    task: asText(task, "place.task"),
    method: asText(method, "place.method"),
    path: asText(path, "place.path"),
  };
}
