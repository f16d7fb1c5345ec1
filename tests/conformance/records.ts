import type { InvocationRecord, RequestRecord } from "../../runtime/protocol/records.ts";
import type { TestServer } from "./server.ts";
import { until } from "./wait.ts";

/** Lists the ended invocations that a server has reported with `--log=json`, in order. */
export function invocationsOf(server: TestServer): Partial<InvocationRecord>[] {
  return linesOf(server, "invocation");
}

/** Waits for the report of an invocation's end. */
export function untilInvocation(
  server: TestServer,
  traceId: string | null | undefined,
): Promise<Partial<InvocationRecord>> {
  const find = () => invocationsOf(server).find((record) => record.traceId === traceId);
  return until(`the end of trace ${traceId}`, find);
}

/** Waits for the report of a request. */
export function untilRequest(
  server: TestServer,
  requestId: string | null | undefined,
): Promise<Partial<RequestRecord>> {
  const requests = (): Partial<RequestRecord>[] => linesOf(server, "request");
  const find = () => requests().find((record) => record.requestId === requestId);
  return until(`the end of request ${requestId}`, find);
}

function linesOf(server: TestServer, event: string) {
  return server.output.split("\n").flatMap((line) => {
    const fields = parseLine(line);
    return fields?.event === event ? [fields] : [];
  });
}

function parseLine(line: string) {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    // The rest of the line is still on its way.
    return undefined;
  }
}
