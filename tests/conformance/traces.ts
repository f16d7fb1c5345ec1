import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openTraceReader } from "../../runtime/store/trace_file_reader.ts";
import type { RequestDetail, TraceFilter, TraceRow } from "../../runtime/store/trace_reader.ts";
import { until } from "./wait.ts";

const everything: TraceFilter = {
  deployment: undefined,
  task: undefined,
  state: undefined,
  requestId: undefined,
  sinceMs: undefined,
  slowMs: undefined,
  limit: 1_000_000,
};

/** Looks into the traces of a data folder, as somebody beside the server. */
export class TraceProbe implements AsyncDisposable {
  readonly folder: string;
  readonly #reader;

  constructor(dataFolder: string) {
    this.folder = join(dataFolder, "traces");
    this.#reader = openTraceReader(this.folder);
  }

  traces(filter: Partial<TraceFilter> = {}): Promise<readonly TraceRow[]> {
    return this.#reader.traces({ ...everything, ...filter });
  }

  find(id: string | null): Promise<RequestDetail | undefined> {
    return this.#reader.find(id ?? "none");
  }

  /** Waits until a request is stored, and as it should be. */
  untilFound(
    id: string | null,
    isRight: (request: RequestDetail) => boolean = () => true,
  ): Promise<RequestDetail> {
    return until(`the traces of ${id}`, async () => {
      const request = await this.find(id);
      return request && isRight(request) ? request : undefined;
    });
  }

  /** Waits until every recorder has seen its gateway off. */
  async untilForgotten(): Promise<void> {
    const gateways = () => readdirSync(join(this.folder, "gateways"));
    await until("the end of the recorder", () => gateways().length === 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader.close();
  }
}
