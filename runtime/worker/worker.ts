import type { Platform } from "../platform/platform.ts";
import type { Call, Failure, FailureCode, RunResult } from "../protocol/call.ts";
import { FrameReader, FrameWriter, maxFrameBytes } from "../protocol/frames.ts";
import {
  type BootMessage,
  type DeploymentFacts,
  type GatewayMessage,
  type OutputLine,
  type WorkerMessage,
} from "../protocol/messages.ts";
import { parseBootMessage } from "../protocol/boot.ts";
import { parseGatewayMessage } from "../protocol/gateway_codec.ts";
import { writeWorkerMessage } from "../protocol/worker_codec.ts";
import { toFailure } from "../task/failure.ts";
import type { TaskModule } from "../task/load.ts";
import { runTask } from "../task/run.ts";
import { installDatabase } from "./database.ts";
import { captureConsole } from "./output.ts";
import { InvocationScope, type ScopeOwner, Scopes } from "./scope.ts";
import { SourcePaths } from "./source_paths.ts";
import { TaskModules } from "./task_modules.ts";
import { guardTimers } from "./timers.ts";

/** The package that holds the author's types, and nothing that exists at run time. */
const typesPackage = "@journeyapps/cloudcode";
/** What a frame holds besides the head of a reply. */
const maxReplyBytes = maxFrameBytes - 64 * 1024;
/** A body of fewer UTF-16 units than this cannot be over the limit. */
const measuredBodyLength = maxReplyBytes / 3;

/** The worker role: runs the web tasks of one release until its gateway hangs up. */
export async function runWorker(platform: Platform): Promise<void> {
  const boot = parseBootMessage(await platform.readStdin());
  platform.dieWithParent();
  platform.stubModule(typesPackage);
  await platform.dropPrivileges();
  // A Ctrl-C or a closed terminal reaches the whole process group; only the gateway decides.
  platform.onSignal("SIGINT", () => {});
  platform.onSignal("SIGHUP", () => {});
  await installDatabase(boot.database);
  const worker = new Worker(boot, platform.cwd);
  const connection = await platform.connect(boot.socket, {
    onData: (bytes) => worker.receive(bytes),
    onClose: () => platform.exit(0),
  });
  platform.onUncaught((kind, error) => worker.uncaught(kind, error));
  worker.start((bytes) => connection.write(bytes));
}

/** Turns calls into runs of task code, and what comes of them into messages. */
class Worker implements ScopeOwner {
  readonly deployment: DeploymentFacts;
  readonly #boot: BootMessage;
  readonly #scopes = new Scopes();
  readonly #modules: TaskModules;
  readonly #paths: SourcePaths;
  readonly #reader = new FrameReader((frame) => this.#handle(parseGatewayMessage(frame)));
  #writer = new FrameWriter(() => {});

  constructor(boot: BootMessage, cwd: string) {
    this.deployment = boot.deployment;
    this.#boot = boot;
    this.#modules = new TaskModules(boot);
    this.#paths = new SourcePaths(boot, cwd);
  }

  /** Says hello; from here on the process may be given calls. */
  start(send: (bytes: Uint8Array) => void): void {
    this.#writer = new FrameWriter(send);
    captureConsole((line) => this.#print(line));
    guardTimers(this.#scopes, (scope, error) => scope.fail(this.#failure("timer_failed", error)));
    this.#send({ kind: "hello", token: this.#boot.token });
  }

  receive(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** An error that left all task code: told to whom it belongs, as far as can be known. */
  uncaught(kind: "exception" | "rejection", error: unknown): void {
    const owner = this.#scopes.current() ?? this.#onlyOne();
    if (kind === "exception" && owner) return owner.fail(this.#failure("timer_failed", error));
    const { message, stack } = this.#failure("handler_failed", error);
    const title = kind === "rejection" ? "Unhandled rejection" : "Uncaught error";
    const text = `${title}: ${stack ?? message}`;
    if (owner) return owner.print({ level: "error", text });
    const all = this.#scopes.all();
    for (const scope of all) {
      scope.print({ level: "error", text: `${text} (one of ${all.length} running invocations)` });
    }
    if (all.length === 0) this.#print({ level: "error", text });
  }

  #onlyOne(): InvocationScope | undefined {
    return this.#scopes.size === 1 ? this.#scopes.all()[0] : undefined;
  }

  #handle(message: GatewayMessage): void {
    switch (message.kind) {
      case "call":
        return this.#start(message.id, message.call);
      case "abort":
        return this.#scopes.find(message.id)?.abort(message.reason);
      case "describe":
        return void this.#describe();
    }
  }

  #start(id: number, call: Call): void {
    this.#scopes.run(new InvocationScope(id, call, this), this.#run);
  }

  readonly #run = (scope: InvocationScope): void => {
    const module = this.#modules.loaded(scope.call.task);
    if (module) this.#runLoaded(module, scope);
    else void this.#loadAndRun(scope);
  };

  #runLoaded(module: TaskModule, scope: InvocationScope): void {
    const result = runTask(module, scope.call, scope);
    if (result instanceof Promise) void result.then((result) => scope.end(result));
    else scope.end(result);
  }

  async #loadAndRun(scope: InvocationScope): Promise<void> {
    this.#runLoaded(await this.#modules.load(scope.call.task), scope);
  }

  /** Tells the gateway how an invocation ended. */
  ended(scope: InvocationScope, result: RunResult): void {
    const { id } = scope;
    this.#scopes.delete(scope);
    if (result.kind === "failed") {
      return this.#send({ kind: "failed", id, failure: this.#paths.map(result.failure) });
    }
    const { reply } = result;
    if (reply.body.length > measuredBodyLength && byteLength(reply.body) > maxReplyBytes) {
      return this.#send({ kind: "failed", id, failure: tooLarge(byteLength(reply.body)) });
    }
    this.#send({ kind: "replied", id, reply });
  }

  /** Sends a line that an invocation printed. */
  printed({ id }: InvocationScope, line: OutputLine): void {
    this.#send({ kind: "output", id, line });
  }

  async #describe(): Promise<void> {
    const shapes = await this.#modules.describe((task) => {
      this.#send({ kind: "loading", task });
      // Loading may block for ever: the gateway must know by which task.
      this.#writer.flush();
    });
    this.#send({ kind: "shapes", shapes: this.#paths.mapShapes(shapes) });
  }

  #print(line: OutputLine): void {
    const scope = this.#scopes.current();
    if (scope) scope.print(line);
    else this.#send({ kind: "output", id: 0, line });
  }

  #failure(code: FailureCode, error: unknown): Failure {
    return this.#paths.map(toFailure(code, "finish", error));
  }

  #send(message: WorkerMessage): void {
    writeWorkerMessage(this.#writer, message);
  }
}

function tooLarge(size: number): Failure {
  const message =
    `Cannot send the response as its body must be <= ${maxReplyBytes} bytes: got ${size}`;
  return { code: "response_illegal", message, stack: undefined, publicMessage: undefined };
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
