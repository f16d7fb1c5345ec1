import { systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { TraceLimits } from "../config/config.ts";
import type { Child, Platform } from "../platform/platform.ts";
import { workerEnvironment } from "../pool/environment.ts";
import type { WorkerHub } from "../pool/worker_hub.ts";
import type { Recorder } from "../protocol/records.ts";
import { lockGateway } from "../store/gateway_locks.ts";
import type { RecorderBoot } from "../store/recorder_frames.ts";
import { type RecorderEvents, TraceClient } from "../store/trace_client.ts";
import { openTraceReader } from "../store/trace_file_reader.ts";
import type { TraceReader } from "../store/trace_reader.ts";
import { openTraceFile, tracesFolder } from "../store/trace_schema.ts";

/** For the last records to reach the file, and for the recorder to end. */
const closeTimeoutMs = 3_000;
const maxErrorLines = 5;

/** Where records are kept. */
export interface TraceStore {
  /** What records go to; none where nothing is kept. */
  readonly recorders: readonly Recorder[];
  readonly reader: TraceReader;
  /** For how long the oldest record has waited to reach the file; undefined where none does. */
  readonly lagMs: (() => number) | undefined;
  /** Keeps what has been recorded, and ends the recorder; bounded. */
  close(): Promise<void>;
}

/** What a store needs. */
export interface TraceStoreOptions {
  readonly platform: Platform;
  readonly hub: WorkerHub;
  readonly log: Log;
  readonly dataDir: string;
  /** Undefined where nothing is to be kept; what was kept before can be read. */
  readonly limits: TraceLimits | undefined;
}

/**
 * Starts a recorder beside the gateway, in a process of its own: commits on this thread would be
 * felt by every request.
 * @throws {RuntimeError} `file_failed` when there can be no file for it.
 */
export function openTraceStore(options: TraceStoreOptions): TraceStore {
  const { platform, log, dataDir, limits } = options;
  const folder = tracesFolder(dataDir);
  if (!limits) {
    const reader = openTraceReader(folder);
    return { recorders: [], reader, lagMs: undefined, close: () => reader.close() };
  }
  // Made here once, so that a folder that cannot be used stops the start.
  openTraceFile(folder).close();
  const lock = lockGateway(folder, platform);
  const client = new TraceClient({
    clock: systemClock,
    log,
    start: (events) => startRecorder(events, { ...options, limits, folder, gateway: lock.name }),
  });
  return {
    recorders: [client.recorder],
    reader: client.reader,
    lagMs: () => client.lagMs,
    async close() {
      // The recorder forgets this gateway once it is not locked any more.
      await client.flush(closeTimeoutMs);
      lock.unlock();
      await client.close(closeTimeoutMs);
    },
  };
}

interface RecorderPlace extends TraceStoreOptions {
  readonly limits: TraceLimits;
  readonly folder: string;
  readonly gateway: string;
}

function startRecorder(events: RecorderEvents, place: RecorderPlace): Child {
  const { platform, hub, log, limits, folder, gateway } = place;
  const token = hub.expect(events);
  const boot: RecorderBoot = { socket: hub.socketPath, token, folder, gateway, ...limits };
  let errorLines = 0;
  try {
    const child = platform.spawn({
      command: platform.selfCommand("recorder"),
      cwd: folder,
      env: workerEnvironment(platform.env, {}),
      stdin: JSON.stringify(boot),
      onOutput(_stream, bytes) {
        errorLines += 1;
        if (errorLines > maxErrorLines) return;
        log.warn("recorder.output", { text: Buffer.from(bytes).toString("utf8").trimEnd() });
      },
    });
    // It may die before it connects.
    void child.exited.then(() => hub.forget(token));
    return child;
  } catch (error) {
    hub.forget(token);
    throw error;
  }
}
