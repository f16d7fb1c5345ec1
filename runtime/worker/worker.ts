import { systemClock } from "../base/clock.ts";
import { Unreachable } from "../base/errors.ts";
import type { Platform } from "../platform/platform.ts";
import type { Failure, RunEnding, RunResult } from "../protocol/call.ts";
import { FrameReader, FrameWriter } from "../protocol/frames.ts";
import {
  type BootMessage,
  type DeploymentFacts,
  type GatewayMessage,
  type OutputLine,
  type WorkerMessage,
} from "../protocol/messages.ts";
import { parseBootMessage } from "../protocol/boot.ts";
import { parseGatewayMessage } from "../protocol/gateway_codec.ts";
import { maxReplyBodyBytes } from "../protocol/reply_limits.ts";
import { writeWorkerMessage } from "../protocol/worker_codec.ts";
import { markBytes } from "../protocol/start_mark.ts";
import { explain, toFailure } from "../task/failure.ts";
import type { TaskModule } from "../task/load.ts";
import { runTask } from "../task/run.ts";
import { installDatabase } from "./database.ts";
import { captureConsole } from "./output.ts";
import { InvocationScope, type ScopeOwner, Scopes } from "./scope.ts";
import { SourceMaps } from "./source_maps.ts";
import { SourcePaths, type SourcePathsOptions } from "./source_paths.ts";
import { TaskModules } from "./task_modules.ts";
import { StartGate } from "./start_gate.ts";
import { Meter } from "./stopwatch.ts";
import { guardTimers } from "./timers.ts";
import { traceFetch } from "./traced_fetch.ts";

/** Task code may replace the global one. */
const now = performance.now.bind(performance);
const { setImmediate } = globalThis;
/** The package that holds the author's types, and nothing that exists at run time. */
const typesPackage = "@journeyapps/cloudcode";
/** A body of fewer UTF-16 units than this cannot be over the limit. */
const measuredBodyLength = maxReplyBodyBytes / 3;

/** The worker role: runs the web tasks of one release until its gateway hangs up. */
export async function runWorker(platform: Platform): Promise<void> {
  const boot = parseBootMessage(await platform.readStdin());
  platform.dieWithParent(boot.gatewayPid);
  platform.stubModule(typesPackage);
  const mark = platform.mapShared(boot.markFile, markBytes);
  await platform.dropPrivileges();
  // A Ctrl-C or a closed terminal reaches the whole process group; only the gateway decides.
  platform.onSignal("SIGINT", () => {});
  platform.onSignal("SIGHUP", () => {});
  await installDatabase(boot.database);
  const { cwd, readText, openSourceMap } = platform;
  const maps = openSourceMap && new SourceMaps({ readText, openSourceMap });
  const worker = new Worker(boot, { platform, mark, sources: { cwd, readText, maps } });
  const connection = await platform.connect(boot.socket, {
    onData: (bytes) => worker.receive(bytes),
    onClose: () => platform.exit(0),
  });
  platform.onUncaught((kind, error) => worker.uncaught(kind, error));
  worker.start((bytes) => connection.write(bytes));
}

/** What a worker finds where it is started. */
interface Surroundings {
  readonly sources: SourcePathsOptions;
  readonly platform: Pick<Platform, "usage" | "rssBytes" | "formatValues">;
  /** Memory that the gateway reads. */
  readonly mark: Uint8Array | undefined;
}

/** Turns calls into runs of task code, and what comes of them into messages. */
class Worker implements ScopeOwner {
  readonly deployment: DeploymentFacts;
  readonly clock = systemClock;
  readonly meter: Meter;
  readonly #boot: BootMessage;
  readonly #formatValues: Platform["formatValues"];
  readonly #scopes = new Scopes();
  readonly #modules: TaskModules;
  readonly #paths: SourcePaths;
  readonly #reader = new FrameReader((frame) => this.#handle(parseGatewayMessage(frame)));
  readonly #gate: StartGate<InvocationScope>;
  #writer = new FrameWriter(() => {});

  constructor(boot: BootMessage, { platform, mark, sources }: Surroundings) {
    this.meter = new Meter({ platform, clock: now });
    this.deployment = boot.deployment;
    this.#formatValues = platform.formatValues;
    this.#boot = boot;
    this.#modules = new TaskModules(boot, {
      onLoading: (task) => this.#loading(task),
      onLoaded: (task, shape) =>
        this.#send({ kind: "loaded", task, shape: this.#paths.mapShape(shape) }),
    });
    this.#paths = new SourcePaths(boot, sources);
    this.#gate = new StartGate<InvocationScope>({
      mark: mark && new Uint32Array(mark.buffer, mark.byteOffset, 2),
      places: boot.processConcurrency,
      clock: now,
      after: this.clock.after,
      start: (scope) => this.#scopes.run(scope, this.#run),
      // What starts then is no part of the invocation that makes place for it.
      soon: (callback) => this.#scopes.outside(() => void setImmediate(callback)),
      ask: (id) => this.#send({ kind: "ask", id }),
      sync: () => this.#send({ kind: "sync" }),
      giveBack: (ids) => this.#giveBack(ids),
    });
  }

  /** Says hello; from here on the process may be given calls. */
  start(send: (bytes: Uint8Array) => void): void {
    this.#writer = new FrameWriter(send);
    captureConsole({ print: (line) => this.#print(line), formatValues: this.#formatValues });
    guardTimers(this.#scopes, (scope, error) => this.#thrown(scope, error));
    traceFetch(() => this.#scopes.current()?.call);
    this.#send({ kind: "hello", token: this.#boot.token });
    this.#gate.sync();
  }

  receive(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** An error that left all task code: told to whom it belongs, as far as can be known. */
  uncaught(kind: "exception" | "rejection", error: unknown): void {
    const owner = this.#scopes.current() ?? this.#onlyOne();
    if (kind === "exception" && owner) return this.#thrown(owner, error);
    const title = kind === "rejection" ? "Unhandled rejection" : "Uncaught error";
    const late = owner?.hasEnded ? " after the end of the invocation" : "";
    const text = `${title}${late}: ${this.#explain(error)}`;
    if (owner) return owner.print({ level: "error", text });
    const all = this.#scopes.all();
    for (const scope of all) {
      scope.print({ level: "error", text: `${text} (one of ${all.length} running invocations)` });
    }
    if (all.length === 0) this.#print({ level: "error", text });
  }

  /** A callback threw, as of a timer: without a scope it was set by a module, for nobody. */
  #thrown(scope: InvocationScope | undefined, error: unknown): void {
    if (!scope) {
      return this.#print({ level: "error", text: `Uncaught error: ${this.#explain(error)}` });
    }
    const doing = `run a callback of task "${scope.call.task}"`;
    scope.fail(this.#paths.map(toFailure("timer_failed", doing, error)));
  }

  #explain(error: unknown): string {
    return this.#paths.mapStack(explain(error));
  }

  #onlyOne(): InvocationScope | undefined {
    return this.#scopes.size === 1 ? this.#scopes.all()[0] : undefined;
  }

  #handle(message: GatewayMessage): void {
    switch (message.kind) {
      case "call":
        return this.#gate.offer(new InvocationScope(message.id, message.call, this));
      case "sentAt":
        return this.#gate.sentAt(message.nowMs);
      case "synced":
        return this.#gate.synced(message.nowMs);
      case "go":
        return this.#gate.go();
      case "drop":
        return this.#gate.drop();
      case "ping":
        return this.#send({ kind: "pong" });
      case "abort":
        return this.#find(message.id)?.abort(message.reason);
      case "describe":
        return void this.#describe(message.tasks, message.isCareful);
      case "preload":
        return void this.#modules.load(message.task);
      default:
        throw new Unreachable(message);
    }
  }

  #find(id: number): InvocationScope | undefined {
    return this.#scopes.find(id) ?? this.#gate.find(id);
  }

  readonly #run = (scope: InvocationScope): void => {
    const module = this.#modules.loaded(scope.call.task);
    if (module) this.#runLoaded(module, scope);
    else void this.#loadAndRun(scope);
  };

  #runLoaded(module: TaskModule, scope: InvocationScope): void {
    const result = runTask(module, scope.call, scope);
    if (result instanceof Promise) void this.#endLater(scope, result);
    else scope.end(result);
  }

  /** Task code may have replaced `Promise.prototype.then`: `await` does not use it. */
  async #endLater(scope: InvocationScope, result: Promise<RunResult>): Promise<void> {
    scope.end(await result);
  }

  async #loadAndRun(scope: InvocationScope): Promise<void> {
    const load = () => this.#modules.load(scope.call.task);
    this.#runLoaded(await this.#scopes.outside(load), scope);
  }

  /** Tells the gateway how an invocation ended. */
  ended(scope: InvocationScope, ending: RunEnding): void {
    this.#scopes.delete(scope);
    this.#tellEnd(scope, ending);
    this.#gate.ended();
  }

  #tellEnd({ id }: InvocationScope, ending: RunEnding): void {
    const { figures } = ending;
    if (ending.kind === "failed") {
      return this.#send({ kind: "failed", id, failure: this.#paths.map(ending.failure), figures });
    }
    const { reply } = ending;
    if (reply.body.length > measuredBodyLength && byteLength(reply.body) > maxReplyBodyBytes) {
      return this.#send({ kind: "failed", id, failure: tooLarge(byteLength(reply.body)), figures });
    }
    this.#send({ kind: "replied", id, reply, figures });
  }

  /** Sends a line that an invocation printed. */
  printed({ id, call, hasEnded }: InvocationScope, line: OutputLine): void {
    if (!hasEnded) return this.#send({ kind: "output", id, line });
    const { traceId, requestId, task } = call;
    this.#send({ kind: "late_output", of: { traceId, requestId, task }, line });
  }

  async #describe(tasks: readonly string[], isCareful: boolean): Promise<void> {
    await this.#modules.loadAll(tasks, { isCareful });
    this.#send({ kind: "described" });
  }

  #loading(task: string): void {
    this.#send({ kind: "loading", task });
    // Loading may block for ever, or end the process: the gateway must know by which task.
    this.#writer.flush();
  }

  #giveBack(ids: readonly number[]): void {
    this.#send({ kind: "returned", ids });
    // Should the process end now, the gateway knows of it all the same.
    this.#writer.flush();
  }

  #print(line: OutputLine): void {
    const scope = this.#scopes.current();
    if (scope) scope.print(line);
    else this.#send({ kind: "output", id: 0, line });
  }

  #send(message: WorkerMessage): void {
    writeWorkerMessage(this.#writer, message);
  }
}

function tooLarge(size: number): Failure {
  const message =
    `Cannot send the response as its body must be <= ${maxReplyBodyBytes} bytes: got ${size}`;
  return { code: "response_illegal", message, stack: undefined, publicMessage: undefined };
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}
