import { systemClock } from "./base/clock.ts";
import { settlesWithin } from "./base/deadline.ts";
import { messageOf } from "./base/errors.ts";
import { IdSource } from "./base/ids.ts";
import type { Log } from "./base/log.ts";
import type { Settings } from "./config/config.ts";
import { Deployments } from "./deploy/deployments.ts";
import { logTaskFaults } from "./deploy/task_faults.ts";
import { readCertificate } from "./gateway/certificate.ts";
import { BodyMemory } from "./gateway/body_memory.ts";
import { toSecrets } from "./gateway/capture.ts";
import { Gateway } from "./gateway/gateway.ts";
import { HostTable } from "./gateway/hosts.ts";
import { PublicListener } from "./gateway/public_listener.ts";
import { toTaskUrls } from "./gateway/task_urls.ts";
import { Supervisor } from "./invocation/supervisor.ts";
import { requireFree } from "./platform/free_port.ts";
import type { HttpOptions, HttpServer, Platform } from "./platform/platform.ts";
import type { ReleasePool } from "./pool/release_pool.ts";
import { WorkerHub } from "./pool/worker_hub.ts";
import type { Recorder } from "./protocol/records.ts";
import { listenHttp } from "./server/listen_http.ts";
import { openAdmin } from "./server/open_admin.ts";
import { Pools } from "./server/pools.ts";
import { openTraceStore, type TraceStore } from "./server/trace_store.ts";
import { Signals } from "./server/signals.ts";
import { openDataFolder } from "./store/data_folder.ts";
import { createLog } from "./store/log.ts";
import { toLogStyle } from "./store/log_style.ts";
import { LogWriter } from "./store/log_writer.ts";
import { toAll } from "./store/recorders.ts";
import { createReporter } from "./store/reporter.ts";

/** A drain's last part, in which running invocations are told that it ends. */
const lastCallMs = 5_000;
/** For answers to reach their sockets once everything behind them has ended. */
const flushMs = 1_000;
/** For lines of the log, where whoever reads them has stalled. */
const logFlushMs = 500;

/** What a server is started with. */
export interface ServerOptions {
  readonly platform: Platform;
  readonly settings: Settings;
  /** The folders of the apps to serve. */
  readonly appDirs: readonly string[];
  /** Show errors to clients, for development. */
  readonly showErrors: boolean;
}

/** A running server. */
export interface Server {
  /** As `http://127.0.0.1:8787`, with the real port. */
  readonly url: string;
  readonly deploymentCount: number;
  /** The address of every web task. */
  readonly taskUrls: readonly string[];
  /** Loads tasks ahead of their first request, and logs which cannot be served; never rejects. */
  warmUp(): Promise<void>;
  /** Takes up changed apps and certificates; never rejects. */
  reload(): Promise<void>;
  /** Waits a moment for lines of the log that are not written yet. */
  flushLog(): Promise<unknown>;
  /** Drains and stops; resolves with whether everything that ran could finish. */
  close(): Promise<boolean>;
}

/**
 * Builds the object graph of a gateway and starts it.
 * @throws {RuntimeError} for a bad app or manifest, a taken port, an unusable certificate.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { platform, settings } = options;
  const surroundings = createSurroundings(options);
  await using started = new AsyncDisposableStack();
  started.defer(async () => void await surroundings.logWriter.flush(logFlushMs));
  started.defer(() => surroundings.signals.close());
  await openDataFolder(settings.dataDir, surroundings.log);
  const hub = await WorkerHub.open(platform, { ...surroundings, clock: systemClock });
  started.defer(() => hub.close());
  const { dataDir, traces: limits } = settings;
  const traces = openTraceStore({ platform, hub, log: surroundings.log, dataDir, limits });
  started.defer(() => traces.close());
  surroundings.recorders.push(...traces.recorders);
  const pools = new Pools({ ...surroundings, platform, settings, hub });
  const deployments = await openDeployments(options, { ...surroundings, pools });
  started.defer(() => deployments.close());
  started.defer(() => pools.close());
  const isLoopback = /^(127\.|::1$|localhost$)/.test(settings.listen);
  const { domains } = settings;
  const hosts = new HostTable({ domains, deployments: deployments.all, isLoopback });
  const supervisor = new Supervisor({ ...surroundings, clock: systemClock });
  const gateway = createGateway(options, { ...surroundings, supervisor, hosts: () => hosts });
  const state = { isReady: true };
  const measured = {
    pools: () =>
      deployments.releases.map(({ hostname, pool }) => ({
        deployment: hostname,
        ...pool.snapshot,
      })),
    storeLagMs: traces.lagMs,
  };
  const metrics = () => surroundings.signals.metrics(measured);
  const sources = { gateway, deployments, metrics, traces: traces.reader };
  const admin = await openAdmin(options, { ...surroundings, ...sources, state });
  started.defer(() => admin.abort());
  const listener = await openListener(options, gateway);
  started.move();
  return new RunningServer({
    ...surroundings,
    ...{ settings, isLoopback, pools, deployments, supervisor },
    ...{ listener, admin, traces, hub, state },
  });
}

interface Parts extends Surroundings {
  readonly settings: Settings;
  readonly isLoopback: boolean;
  readonly pools: Pools;
  readonly deployments: Deployments<ReleasePool>;
  readonly supervisor: Supervisor;
  readonly listener: PublicListener;
  readonly admin: HttpServer;
  readonly traces: TraceStore;
  readonly hub: WorkerHub;
  readonly state: { isReady: boolean };
}

/** The whole graph at work, and the order in which it is taken down. */
class RunningServer implements Server {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get url(): string {
    const { settings: { tls, listen }, listener } = this.#parts;
    const host = listen.includes(":") ? `[${listen}]` : listen;
    return `${tls ? "https" : "http"}://${host}:${listener.port}`;
  }

  get deploymentCount(): number {
    return this.#parts.deployments.all.length;
  }

  get taskUrls(): readonly string[] {
    const { deployments, settings: { domains }, isLoopback } = this.#parts;
    return toTaskUrls(deployments.all, { domains, url: this.url, isLoopback });
  }

  async warmUp(): Promise<void> {
    const { deployments, log } = this.#parts;
    for (const { hostname, active } of deployments.all) {
      logTaskFaults(log, { deployment: hostname, shapes: await active.pool.describe() });
    }
  }

  async reload(): Promise<void> {
    const { state, log } = this.#parts;
    // What is opened from here on would not be closed.
    if (!state.isReady) return log.warn("reload.refused", { reason: "the server stops" });
    await this.#reloadCertificate();
    await this.#parts.deployments.reload();
  }

  flushLog(): Promise<unknown> {
    return this.#parts.logWriter.flush(logFlushMs);
  }

  async close(): Promise<boolean> {
    const { state, supervisor, listener, pools, deployments, admin, traces, hub, signals, log } =
      this.#parts;
    state.isReady = false;
    log.info("server.stopping", { note: "what runs may finish, a second signal ends it at once" });
    supervisor.drain();
    const stopped = listener.stop();
    const isFinished = await this.#drain(stopped);
    if (!isFinished) log.warn("server.cut_off", { drainMs: this.#parts.settings.drainMs });
    // A reload under way may wait for a migration, and closing waits for the reload.
    pools.close();
    await deployments.close();
    await settlesWithin(stopped, flushMs);
    await listener.abort();
    await admin.abort();
    await traces.close();
    await hub.close();
    await signals.close();
    await this.flushLog();
    return isFinished;
  }

  /** Waits for what runs, up to the limit; resolves with whether all of it has ended. */
  async #drain(stopped: Promise<void>): Promise<boolean> {
    const { settings: { drainMs }, supervisor, deployments } = this.#parts;
    const cancelLastCall = systemClock.after(Math.max(0, drainMs - lastCallMs), () => {
      for (const pool of deployments.pools) pool.abortAll("Draining");
    });
    const finished = stopped.then(() => supervisor.idle());
    const isFinished = await settlesWithin(finished, drainMs);
    cancelLastCall();
    return isFinished;
  }

  async #reloadCertificate(): Promise<void> {
    const { settings: { tls }, state, listener, log } = this.#parts;
    if (!tls) return;
    try {
      const certificate = await readCertificate(tls);
      if (!state.isReady) return;
      await listener.useCertificate(certificate);
      log.info("certificate.activated", { file: tls.certFile });
    } catch (error) {
      log.error("certificate.refused", { reason: messageOf(error) });
    }
  }
}

interface Surroundings {
  readonly logWriter: LogWriter;
  readonly log: Log;
  readonly signals: Signals;
  readonly recorder: Recorder;
  /** All that `recorder` hands records to; the store joins once it is there. */
  readonly recorders: Recorder[];
  readonly ids: IdSource;
}

function createSurroundings({ platform, settings }: ServerOptions): Surroundings {
  const { logLevel: level, otlp, tls } = settings;
  const isTerminal = platform.isTerminal("stderr");
  const { format, showRequests } = toLogStyle({ ...settings, isTerminal });
  const onDropped = (lines: number) => log.warn("log.dropped", { lines });
  const output = new LogWriter({ platform, onDropped });
  const log: Log = createLog(output, { format, level });
  const reporter = createReporter({ output, log, clock: systemClock, format, showRequests });
  const signals = new Signals({ platform, log, otlp, scheme: tls ? "https" : "http" });
  const recorders = [reporter, signals.recorder];
  const recorder = toAll(recorders);
  return { logWriter: output, log, signals, recorder, recorders, ids: new IdSource() };
}

function openDeployments(
  { platform, settings, appDirs }: ServerOptions,
  { pools, log }: Surroundings & { readonly pools: Pools },
): Promise<Deployments<ReleasePool>> {
  const { environment, hostname, dataDir, task: overrides } = settings;
  return Deployments.open<ReleasePool>({
    ...{ appDirs, environment, hostname, dataDir, log, platform, overrides },
    openPool: (target) => pools.open(target),
  });
}

function createGateway(
  { platform, settings, showErrors }: ServerOptions,
  parts: Surroundings & { readonly supervisor: Supervisor; hosts(): HostTable },
): Gateway {
  return new Gateway({
    ...parts,
    platform,
    clock: systemClock,
    bodies: new BodyMemory(settings.maxBodyMemoryBytes),
    scheme: settings.tls ? "https" : "http",
    trustedProxies: settings.trustedProxies.isEmpty ? undefined : settings.trustedProxies,
    secrets: toSecrets(settings.taskEnv),
    showErrors,
  });
}

async function openListener(
  { platform, settings }: ServerOptions,
  gateway: Gateway,
): Promise<PublicListener> {
  const tls = settings.tls ? await readCertificate(settings.tls) : undefined;
  const { listen: host, port, reusePort } = settings;
  const serveHttp = (options: HttpOptions) => listenHttp(platform, options);
  const isProbed = tls !== undefined && port !== 0 && !reusePort;
  if (isProbed) await requireFree({ serveHttp }, { kind: "tcp", host, port });
  return await PublicListener.open({
    platform: { serveHttp },
    gateway,
    ...{ host, port, tls, reusePort },
  });
}
