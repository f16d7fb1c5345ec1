import { platform } from "#platform";
import { readSettings } from "./config/config.ts";
import type { SettingName } from "./config/table.ts";
import { type Server, startServer } from "./server.ts";

/** The settings that the options stand for; the others keep their defaults. */
const names: readonly SettingName[] = [
  "port",
  "listen",
  "hostname",
  "environment",
  "dataDir",
  "variables",
  "logLevel",
];

/** What a program that embeds the server may say; everything has the default of `webtaskd serve`. */
export interface ServeOptions {
  /**
   * The folders of the apps, a deployment each.
   * @default ["./tasks"]
   */
  readonly apps?: readonly string[];
  /**
   * The port; 0 picks a free one.
   * @default 8787
   */
  readonly port?: number;
  /**
   * The address to listen on.
   * @default "127.0.0.1"
   */
  readonly listen?: string;
  /**
   * The hostname of the only app.
   * @default `<app>-<environment>`, plain `<app>` for production
   */
  readonly hostname?: string;
  /** @default "testing" */
  readonly environment?: "testing" | "staging" | "production";
  /**
   * The folder for what is kept.
   * @default "./.webtaskd"
   */
  readonly data?: string;
  /**
   * Variables of the tasks, on top of the few that every worker has.
   * @default {}
   */
  readonly env?: Readonly<Record<string, string>>;
  /** @default "info" */
  readonly logLevel?: "debug" | "info" | "warn" | "error";
}

/** A server that runs in this process, with workers of its own. */
export interface ServeHandle extends AsyncDisposable {
  /** As `http://127.0.0.1:8787`, with the real port. */
  readonly url: string;
  /** Takes up changed apps. */
  reload(): Promise<void>;
  /** Finishes what runs, for up to 30 seconds; resolves with whether all of it could finish. */
  close(): Promise<boolean>;
}

/**
 * Serves apps from a program of your own, as `webtaskd serve` does; variables of the environment do
 * not count.
 *
 * @example
 * ```ts
 * import { serve } from "./mod.ts";
 *
 * await using server = await serve({ apps: ["./tasks"], port: 0 });
 * const response = await fetch(`${server.url}/hello`);
 * console.log(await response.json()); // { hello: "world" }
 * ```
 * @throws an error with a message for people when an option, an app or the port cannot be used.
 */
export async function serve(options: ServeOptions = {}): Promise<ServeHandle> {
  const { apps = ["./tasks"], ...rest } = options;
  const settings = await readSettings({ names, flags: toFlags(rest), env: {} });
  const server = await startServer({ platform, settings, appDirs: apps, showErrors: false });
  return toHandle(server);
}

function toFlags(options: Omit<ServeOptions, "apps">): Record<string, string[]> {
  const { port, listen, hostname, environment, data, env = {}, logLevel } = options;
  const given = { port, listen, hostname, environment, data, "log-level": logLevel };
  const flags: Record<string, string[]> = {
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
  };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) flags[name] = [String(value)];
  }
  return flags;
}

function toHandle(server: Server): ServeHandle {
  let closing: Promise<boolean> | undefined;
  const close = () => closing ??= server.close();
  return {
    url: server.url,
    reload: () => server.reload(),
    close,
    [Symbol.asyncDispose]: async () => void await close(),
  };
}
