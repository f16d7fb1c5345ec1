import { type AdminSource, createAdmin, type ReplayOutcome } from "../admin/admin.ts";
import { openAdminSocket } from "../admin/admin_socket.ts";
import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Settings } from "../config/config.ts";
import type { Deployments, Pool } from "../deploy/deployments.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { Replayer } from "../gateway/replayer.ts";
import type { HttpAddress, HttpServer, Platform } from "../platform/platform.ts";
import type { TraceReader } from "../store/trace_reader.ts";
import { listenHttp } from "./listen_http.ts";

const adminIdleSeconds = 30;

/** What the admin listener shows and sets going. */
export interface AdminParts {
  readonly state: { readonly isReady: boolean };
  readonly log: Log;
  /** Answers without holding up this thread. */
  readonly traces: Omit<TraceReader, "close">;
  readonly metrics: AdminSource["metrics"];
  readonly gateway: Gateway;
  readonly deployments: Pick<Deployments<Pool>, "all">;
}

/** Opens the control side of a server. */
export async function openAdmin(
  { platform, settings }: { readonly platform: Platform; readonly settings: Settings },
  { state, log, traces, metrics, gateway, deployments }: AdminParts,
): Promise<HttpServer> {
  const { admin, dataDir, domains: [domain = "localhost"], tls } = settings;
  const replayer = new Replayer({
    ...{ gateway, domain, scheme: tls ? "https" : "http" },
    isServed: (hostname) => deployments.all.some((other) => other.hostname === hostname),
  });
  const handler = createAdmin({
    traces,
    metrics,
    isReady: () => state.isReady,
    wallMs: () => systemClock.wallMs(),
    replay: (requestId) => replay(requestId, { traces, replayer, state }),
  }, admin);
  const http = { handler, tls: undefined, reusePort: false, idleTimeoutSeconds: adminIdleSeconds };
  const listen = (address: HttpAddress) => listenHttp(platform, { address, ...http });
  if (admin.kind !== "unix") return await listen(admin);
  const onShared = () => log.info("data.shared", { folder: dataDir });
  return await openAdminSocket({ platform, path: admin.path, listen, onShared });
}

interface ReplayParts extends Pick<AdminParts, "state"> {
  readonly traces: Pick<TraceReader, "find">;
  readonly replayer: Replayer;
}

async function replay(
  requestId: string,
  { traces, replayer, state }: ReplayParts,
): Promise<ReplayOutcome> {
  const stored = await traces.find(requestId);
  if (stored === undefined) return { kind: "unknown" };
  if (state.isReady) return await replayer.replay(stored);
  return { kind: "refused", message: "Cannot replay a request: the server stops" };
}
