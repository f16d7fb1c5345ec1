/** Structured facts that go with a log line; values must survive `JSON.stringify`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where webtaskd tells what it decided; one event name per decision, as `worker.restarted`. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Drops every line; for tests and short commands. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
