/** The limits of a release's processes. */
export interface PoolSettings {
  /** Processes kept without any request. */
  readonly minProcesses: number;
  /** Processes that take calls; those of second and third attempts are counted by themselves. */
  readonly maxProcesses: number;
  /** Processes of second and third attempts. */
  readonly maxAttemptProcesses: number;
  /**
   * Processes that finish overdue or blocked invocations and are not counted in `maxProcesses`;
   * further ones are, so that hanging requests cannot multiply processes without end.
   */
  readonly maxOverdueProcesses: number;
  /** Invocations at once in one process. */
  readonly processConcurrency: number;
  /** Requests that wait for a process. */
  readonly maxQueue: number;
  /** A process without anything to do for this long is ended. */
  readonly idleMs: number;
  /** A process is replaced after this many invocations. */
  readonly maxInvocations: number;
  /** A process is replaced at this age. */
  readonly maxAgeMs: number;
  /** A process is replaced when it uses more memory than this. */
  readonly recycleRssBytes: number;
  /** A process is killed when it uses more memory than this. */
  readonly maxRssBytes: number;
}
