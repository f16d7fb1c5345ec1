import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { createAdmin } from "./admin/admin.ts";
import { systemClock } from "./base/clock.ts";
import { settlesWithin } from "./base/deadline.ts";
import { messageOf, RuntimeError } from "./base/errors.ts";
import { IdSource } from "./base/ids.ts";
import { lazyTimers } from "./base/lingering.ts";
import type { Log } from "./base/log.ts";
import type { Settings, TlsFiles } from "./config/config.ts";
import { Deployments } from "./deploy/deployments.ts";
import { Gateway } from "./gateway/gateway.ts";
import { HostTable } from "./gateway/hosts.ts";
import { PublicListener } from "./gateway/public_listener.ts";
import { Supervisor } from "./invocation/supervisor.ts";
import type { Deployment } from "./invocation/release.ts";
import type {
  HttpAddress,
  HttpOptions,
  HttpServer,
  Platform,
  TlsCertificate,
} from "./platform/platform.ts";
import { workerEnvironment } from "./pool/environment.ts";
import { ReleasePool } from "./pool/release_pool.ts";
import { WorkerHub } from "./pool/worker_hub.ts";
import type { Recorder } from "./protocol/records.ts";

/** A drain's last part, in which running invocations are told that it ends. */
const lastCallMs = 5_000;
/** For answers to reach their sockets once everything behind them has ended. */
const flushMs = 1_000;
/** Processes that take calls, per deployment. */
const maxProcesses = 1;
const adminIdleSeconds = 30;

/** What a server is started with. */
export interface ServerOptions {
  readonly platform: Platform;
  readonly settings: Settings;
  /** The folders of the apps to serve. */
  readonly appDirs: readonly string[];
  readonly log: Log;
  readonly recorder: Recorder;
  /** Show errors to clients, for development. */
  readonly showErrors?: boolean;
}

/** A running server. */
export interface Server {
  /** As `http://127.0.0.1:8787`, with the real port. */
  readonly url: string;
  /** The address of every web task. */
  readonly taskUrls: readonly string[];
  /** Loads tasks ahead of their first request, and tells which do not load. */
  warmUp(): Promise<void>;
  /** Takes up changed apps and certificates; never rejects. */
  reload(): Promise<void>;
  /** Drains and stops; resolves with whether everything that ran could finish. */
  close(): Promise<boolean>;
}

/**
 * Builds the object graph of a gateway and starts it.
 * @throws {RuntimeError} for a bad app or manifest, a taken port, an unusable certificate.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { platform, settings, log, recorder } = options;
  await using stack = new AsyncDisposableStack();
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const hub = await WorkerHub.open(platform, log);
  stack.defer(() => hub.close());
  const deployments = await Deployments.open({
    appDirs: options.appDirs,
    environment: settings.environment,
    hostname: settings.hostname,
    dataDir: settings.dataDir,
    overrides: settings.task,
    log,
    openPool: ({ release, manifest, appDir, hostname }) =>
      new ReleasePool({
        platform,
        hub,
        log,
        clock: systemClock,
        env: workerEnvironment(platform.env, settings.taskEnv),
        boot: {
          dir: release.dir,
          sourceDir: appDir,
          tasks: Object.fromEntries(
            manifest.tasks.filter(({ isWeb }) => isWeb).map(({ name, file }) => [name, file]),
          ),
          deployment: { hostname, environment: settings.environment, app: manifest.app },
        },
        settings: {
          maxProcesses,
          processConcurrency: settings.processConcurrency,
          maxQueue: settings.maxQueue,
        },
        onOutput: (output) => recorder.output(output),
      }),
  });
  const isLoopback = /^(127\.|::1$|localhost$)/.test(settings.listen);
  const hosts = new HostTable({
    domains: settings.domains,
    deployments: deployments.all,
    isLoopback,
  });
  const ids = new IdSource();
  const supervisor = new Supervisor({ clock: lazyTimers(systemClock), ids, recorder });
  const gateway = new Gateway({
    platform,
    clock: systemClock,
    ids,
    log,
    recorder,
    supervisor,
    hosts: () => hosts,
    scheme: settings.tls ? "https" : "http",
    trustedProxies: settings.trustedProxies.isEmpty ? undefined : settings.trustedProxies,
    showErrors: options.showErrors ?? false,
  });
  let isReady = true;
  const admin = await openAdmin(platform, settings, () => isReady);
  stack.defer(() => admin.abort());
  const listener = await openPublic(options, gateway);
  stack.move();
  const url = `${settings.tls ? "https" : "http"}://${bracketed(settings.listen)}:${listener.port}`;

  return {
    url,
    taskUrls: toTaskUrls(deployments.all, { settings, url, isLoopback }),
    async warmUp() {
      for (const { hostname, active } of deployments.all) {
        for (const [task, shape] of (await active.pool.describe()) ?? []) {
          if (shape.kind !== "broken") continue;
          const { message, stack } = shape.failure;
          log.error("task.broken", { deployment: hostname, task, reason: message, stack });
        }
      }
    },
    async reload() {
      if (settings.tls) await reloadCertificate(settings.tls, listener, log);
      await deployments.reload();
    },
    async close() {
      isReady = false;
      supervisor.drain();
      const stopped = listener.stop();
      const isFinished = await drain(settings.drainMs, {
        stopped,
        runsLeft: () => supervisor.size,
        lastCall: () => deployments.pools.forEach((pool) => pool.abortAll("Draining")),
      });
      await Promise.all(deployments.pools.map((pool) => pool.close()));
      await settlesWithin(stopped, flushMs);
      await listener.abort();
      await admin.abort();
      await hub.close();
      return isFinished;
    },
  };
}

interface DrainOptions {
  /** Settles when every request has its answer. */
  readonly stopped: Promise<void>;
  runsLeft(): number;
  lastCall(): void;
}

/** Waits for what runs, up to the limit; resolves with whether all of it has ended. */
async function drain(drainMs: number, options: DrainOptions): Promise<boolean> {
  const cancel = systemClock.after(Math.max(0, drainMs - lastCallMs), options.lastCall);
  const finished = options.stopped.then(() => untilZero(options.runsLeft));
  const isFinished = await settlesWithin(finished, drainMs);
  cancel();
  return isFinished;
}

const pollMs = 20;

/** Invocations outlive their answers when they are overdue: their end makes no event of its own. */
async function untilZero(count: () => number): Promise<void> {
  while (count() > 0) await new Promise<void>((resolve) => systemClock.after(pollMs, resolve));
}

async function openAdmin(
  platform: Platform,
  settings: Settings,
  isReady: () => boolean,
): Promise<HttpServer> {
  const { admin } = settings;
  const address: HttpAddress = admin.kind === "unix" ? admin : { ...admin, kind: "tcp" };
  if (address.kind === "unix") await rm(address.path, { force: true });
  const server = await serveHttp(platform, {
    address,
    tls: undefined,
    reusePort: false,
    idleTimeoutSeconds: adminIdleSeconds,
    handler: createAdmin({ isReady }),
  });
  if (address.kind === "unix") await chmod(address.path, 0o600);
  return server;
}

async function openPublic(options: ServerOptions, gateway: Gateway): Promise<PublicListener> {
  const { platform, settings } = options;
  const tls = settings.tls ? await readCertificate(settings.tls) : undefined;
  const open = { platform: { serveHttp: (http: HttpOptions) => serveHttp(platform, http) } };
  return PublicListener.open({
    ...open,
    gateway,
    host: settings.listen,
    port: settings.port,
    tls,
  });
}

async function serveHttp(platform: Platform, options: HttpOptions): Promise<HttpServer> {
  const { address } = options;
  const where = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
  try {
    return await platform.serveHttp(options);
  } catch (cause) {
    const message = `Cannot listen on ${where}: ${messageOf(cause)}`;
    throw new RuntimeError(options.tls ? "tls_failed" : "listen_failed", message, { cause });
  }
}

async function readCertificate({ certFile, keyFile }: TlsFiles): Promise<TlsCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      throw new RuntimeError("tls_failed", "Cannot pair them: the key is that of another one");
    }
    return { cert, key };
  } catch (cause) {
    const message = `Cannot use certificate "${certFile}" with key "${keyFile}": ${messageOf(cause)}`;
    throw new RuntimeError("tls_failed", message, { cause });
  }
}

async function reloadCertificate(files: TlsFiles, listener: PublicListener, log: Log) {
  try {
    await listener.useCertificate(await readCertificate(files));
    log.info("certificate.activated", { file: files.certFile });
  } catch (error) {
    log.error("certificate.refused", { reason: messageOf(error) });
  }
}

interface UrlContext {
  readonly settings: Settings;
  readonly url: string;
  readonly isLoopback: boolean;
}

function toTaskUrls(deployments: readonly Deployment[], context: UrlContext): readonly string[] {
  const { settings, isLoopback } = context;
  const { protocol, port } = new URL(context.url);
  const domain = isLoopback && settings.domains.includes("localhost")
    ? "localhost"
    : settings.domains[0];
  return deployments.flatMap(({ hostname, active }) =>
    [...active.tasks.keys()].map((task) => {
      const isOnly = isLoopback && deployments.length === 1;
      const host = isOnly ? "localhost" : `${hostname}.${domain}`;
      return `${protocol}//${host}${port === "" ? "" : `:${port}`}/${task}`;
    })
  );
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
