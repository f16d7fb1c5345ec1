/** An invocation as it is stored, in a row or in a chunk. */
export interface StoredInvocation {
  readonly traceId: string;
  readonly requestId: string;
  readonly place: number;
  readonly state: number;
  readonly durationUs: number | null;
  readonly facts: string;
}

/** Orders invocations by their trace IDs, which begin with the time: the newest first. */
export function newestFirst(a: StoredInvocation, b: StoredInvocation): number {
  if (a.traceId === b.traceId) return 0;
  return a.traceId < b.traceId ? 1 : -1;
}
