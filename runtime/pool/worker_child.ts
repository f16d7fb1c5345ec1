import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Child, ExitStatus } from "../platform/platform.ts";
import type { CallIds, OwnedCall } from "../protocol/call.ts";
import type { BootMessage, OutputLine } from "../protocol/messages.ts";
import type { MarkFile } from "./mark_file.ts";
import type { MemoryGroup } from "./memory_groups.ts";
import { OutputLines } from "./output_lines.ts";
import type { WorkerLine } from "./worker_line.ts";
import type { WorkerStart } from "./worker_start.ts";

/** What a child needs of the process it is a part of. */
export interface WorkerChildOptions {
  readonly line: WorkerLine;
  /** The calls to which raw output may belong. */
  running(): readonly OwnedCall[];
}

/** What a child leaves behind. */
export interface Remains {
  /** The id of the last call it has started. */
  readonly lastStarted: number;
  /** The last of what it wrote to standard error. */
  readonly errorTail: string | undefined;
  /** Whether the kernel has ended it for its memory. */
  readonly wasKilledForMemory: boolean;
}

/** The system's side of a worker: the process, its output, its mark, the limit of its memory. */
export class WorkerChild {
  readonly #start: WorkerStart;
  readonly #mark: MarkFile;
  readonly #child: Child;
  readonly #group: MemoryGroup | undefined;
  readonly #output: OutputLines;

  /** @throws {RuntimeError} `spawn_failed` when the system starts no process. */
  constructor(start: WorkerStart, options: WorkerChildOptions) {
    this.#start = start;
    this.#mark = createMark(start, options);
    this.#child = this.#spawn(options);
    this.#group = this.#limitMemory();
    this.#output = new OutputLines(this.#child.pid, start.events.onOutput);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): Promise<ExitStatus> {
    return this.#child.exited;
  }

  /** The id of the last call it has started. */
  get lastStarted(): number {
    return this.#mark.read();
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Passes a line of `console` on; `call` is undefined when it belongs to no invocation. */
  print(line: OutputLine, call: CallIds | undefined): void {
    this.#output.print(line, call);
  }

  /** Clears up after it has ended. */
  bury(): Remains {
    this.#output.end();
    const { lastStarted } = this;
    this.#mark.close();
    const { errorTail } = this.#output;
    return { lastStarted, errorTail, wasKilledForMemory: this.#leaveGroup() };
  }

  #spawn({ line, running }: WorkerChildOptions): Child {
    const { platform, hub, boot, env, processConcurrency } = this.#start;
    const bootMessage: BootMessage = {
      ...boot,
      gatewayPid: platform.pid,
      socket: hub.socketPath,
      token: line.token,
      markFile: this.#mark.path,
      processConcurrency,
    };
    try {
      return platform.spawn({
        command: platform.selfCommand("worker"),
        cwd: boot.dir,
        env,
        stdin: JSON.stringify(bootMessage),
        onOutput: (stream, bytes) => this.#output.push(stream, bytes, running()),
      });
    } catch (error) {
      this.#mark.close();
      line.forget();
      throw error;
    }
  }

  /** Without a group the watch over its memory still holds. */
  #limitMemory(): MemoryGroup | undefined {
    const { memoryGroups, log } = this.#start;
    try {
      return memoryGroups?.add(this.pid);
    } catch (error) {
      log.warn("worker.unlimited", { pid: this.pid, reason: messageOf(error) });
      return undefined;
    }
  }

  #leaveGroup(): boolean {
    if (!this.#group) return false;
    const { wasKilled } = this.#group;
    try {
      this.#group.remove();
    } catch (error) {
      this.#start.log.warn("worker.group_left", { pid: this.pid, reason: messageOf(error) });
    }
    return wasKilled;
  }
}

function createMark({ hub }: WorkerStart, { line }: WorkerChildOptions): MarkFile {
  try {
    return hub.createMark();
  } catch (cause) {
    line.forget();
    throw new RuntimeError("spawn_failed", "Cannot make the file of a process", { cause });
  }
}
