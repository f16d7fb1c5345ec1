/** What a replay came to. */
export interface ReplayResult {
  /** Of the new request. */
  readonly requestId: string;
  readonly replayOf: string;
  readonly traceId: string | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
  /** What the new request lacked, as `CapturedRequest.redacted` names it. */
  readonly redacted: readonly string[];
}
