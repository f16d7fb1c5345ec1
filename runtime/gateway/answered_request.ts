import type { CapturedRequest, RequestAnswer, RequestRecord } from "../protocol/records.ts";
import { validTraceParent } from "../protocol/trace_context.ts";
import type { Exchange } from "./exchange.ts";
import type { Outgoing } from "./reply.ts";

/**
 * The record of a request, as a view of what is known of it: what no recorder reads costs nothing. The
 * address of the client, for one, takes Bun a system call.
 */
export class AnsweredRequest implements RequestRecord {
  readonly #exchange: Exchange;
  readonly #outgoing: Outgoing;
  #client: string | undefined;

  constructor(exchange: Exchange, outgoing: Outgoing) {
    this.#exchange = exchange;
    this.#outgoing = outgoing;
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  get traceId(): string | undefined {
    return this.#outgoing.traceId;
  }

  get firstTraceId(): string | undefined {
    return this.#exchange.firstTraceId;
  }

  get traceparent(): string | undefined {
    return validTraceParent(this.#exchange.headers);
  }

  get deployment(): string | undefined {
    return this.#exchange.target?.deployment.hostname;
  }

  get release(): string | undefined {
    return this.#exchange.target?.release.id;
  }

  get task(): string | undefined {
    return this.#exchange.target?.task.name;
  }

  get method(): string {
    return this.#exchange.method;
  }

  get path(): string {
    return this.#exchange.path.path;
  }

  /** Known while the response is on its way; afterwards the connection may be gone. */
  get client(): string | undefined {
    const { address, info } = this.#exchange;
    return this.#client ??= address.client ?? info.recordedAddress();
  }

  get status(): number {
    return this.#outgoing.status;
  }

  get answer(): RequestAnswer {
    return this.#outgoing.answer;
  }

  get reason(): string | undefined {
    return this.#outgoing.reason;
  }

  get startedAt(): number {
    return this.#exchange.startedAt;
  }

  get durationMs(): number {
    return this.#exchange.durationMs;
  }

  get requestBytes(): number {
    return this.#exchange.requestBytes;
  }

  get responseBytes(): number | undefined {
    return this.#outgoing.responseBytes;
  }

  get replayOf(): string | undefined {
    return this.#exchange.replayOf;
  }

  get captured(): CapturedRequest | undefined {
    return this.#exchange.captured;
  }
}
