import { AdminClient } from "../../admin/admin_client.ts";
import { RuntimeError } from "../../base/errors.ts";
import type {
  LogFilter,
  LogLineRow,
  RequestDetail,
  TraceFilter,
  TraceReader,
  TraceRow,
} from "../../store/trace_reader.ts";
import type { CommandContext } from "../command.ts";
import { openFiles } from "./files.ts";

/** What a source of traces is made of. */
export interface TraceSourceOptions {
  readonly server: TraceReader;
  openFiles(): Promise<TraceReader>;
  /** Told each time the server turns out to be down where it was not before. */
  onDown(): void;
}

/** Reads through the running server, and from the files of the data folder while there is none. */
export class TraceSource implements TraceReader {
  readonly #options: TraceSourceOptions;
  #isDown = false;

  constructor(options: TraceSourceOptions) {
    this.#options = options;
  }

  traces(filter: TraceFilter): Promise<readonly TraceRow[]> {
    return this.#read((reader) => reader.traces(filter));
  }

  find(id: string): Promise<RequestDetail | undefined> {
    return this.#read((reader) => reader.find(id));
  }

  logs(filter: LogFilter): Promise<readonly LogLineRow[]> {
    return this.#read((reader) => reader.logs(filter));
  }

  close(): Promise<void> {
    return this.#options.server.close();
  }

  async #read<T>(read: (reader: TraceReader) => Promise<T>): Promise<T> {
    try {
      const value = await read(this.#options.server);
      this.#isDown = false;
      return value;
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === "not_reached")) throw error;
      return await this.#readFiles(read);
    }
  }

  async #readFiles<T>(read: (reader: TraceReader) => Promise<T>): Promise<T> {
    if (!this.#isDown) this.#options.onDown();
    this.#isDown = true;
    // Opened each time: a server that has come back has them to itself.
    const files = await this.#options.openFiles();
    try {
      return await read(files);
    } finally {
      await files.close();
    }
  }
}

/** Opens the traces that the settings of a command lead to. */
export function openTraceSource({ platform, settings, err }: CommandContext): TraceSource {
  const server = new AdminClient(settings.admin);
  return new TraceSource({
    server,
    openFiles: () => openFiles(settings.dataDir),
    onDown() {
      // Whoever reads the output of a script has not asked.
      if (!platform.isTerminal("stderr")) return;
      err(`webtaskd: no server answers at ${server.place}: reading ${settings.dataDir}`);
    },
  });
}
