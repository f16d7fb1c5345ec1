import { countOf } from "../../base/count_of.ts";
import { printableLine } from "../../store/printable.ts";
import type { RequestDetail } from "../../store/trace_reader.ts";
import { showDuration } from "./durations.ts";
import type { Style } from "./style.ts";

const labelWidth = 11;

/** Shows what is known of a request itself. */
export function toHead(request: RequestDetail, style: Style): readonly string[] {
  const { method, path, status, startedAt, durationMs, answer, captured } = request;
  const took = durationMs === undefined ? "still open" : `took ${showDuration(durationMs)}`;
  const facts: readonly (readonly [label: string, text: string | undefined])[] = [
    ["request", request.requestId],
    ["deployment", toPlace(request)],
    ["came", `${new Date(startedAt).toISOString()}, ${took}${toSource(request)}`],
    ["reason", isTold(request) ? undefined : request.reason],
    ["replay of", request.replayOf],
    ["captured", captured && toCapture(captured)],
  ];
  const outcome = status === undefined ? "open" : `${status} ${answer ?? ""}`;
  return [
    style.bold(printableLine(`${method} ${path}  ${outcome}`.trimEnd())),
    ...facts.filter(([, text]) => text !== undefined)
      .map(([label, text]) =>
        `  ${style.dim(label.padEnd(labelWidth))} ${printableLine(text ?? "")}`
      ),
  ];
}

/** An attempt says the same, below. */
function isTold({ reason, invocations }: RequestDetail): boolean {
  return invocations.some((invocation) => invocation.reason === reason);
}

function toPlace({ deployment, release, task }: RequestDetail): string | undefined {
  if (deployment === undefined) return undefined;
  return `${deployment}, task ${task ?? "-"}, release ${release ?? "-"}`;
}

function toSource({ client, requestBytes, responseBytes }: RequestDetail): string {
  const from = client === undefined ? "" : `, from ${client}`;
  const sizes = [
    requestBytes === undefined ? "" : `, ${countOf(requestBytes, "byte")} in`,
    responseBytes === undefined ? "" : `, ${countOf(responseBytes, "byte")} out`,
  ];
  return from + sizes.join("");
}

function toCapture({ headers, body, redacted }: NonNullable<RequestDetail["captured"]>): string {
  const parts = [countOf(headers.length, "header"), body === undefined ? "no body" : "its body"];
  const without = redacted.length === 0 ? "" : `; without ${redacted.join(", ")}`;
  return `${parts.join(", ")}${without}`;
}
