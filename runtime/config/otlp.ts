import { badSetting, type Sources } from "./setting.ts";

/** Where spans are sent, read from the variables that OpenTelemetry defines. */
export interface OtlpSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly timeoutMs: number;
}

const tracesPath = "v1/traces";
const defaultTimeoutMs = 10_000;
const mostTimeoutMs = 60_000;

/**
 * Reads the settings of the export of spans; undefined when no endpoint is given.
 * @throws {RuntimeError} `bad_setting` with the variable and the fix.
 */
export function readOtlp(env: Sources["env"]): OtlpSettings | undefined {
  const url = readUrl(env);
  if (url === undefined) return undefined;
  return {
    url,
    headers: {
      ...readHeaders("OTEL_EXPORTER_OTLP_HEADERS", env),
      ...readHeaders("OTEL_EXPORTER_OTLP_TRACES_HEADERS", env),
    },
    serviceName: env["OTEL_SERVICE_NAME"] || "webtaskd",
    timeoutMs: readTimeout(env),
  };
}

/** The endpoint of all signals is a base to which the path of traces is added; that of traces is not. */
function readUrl(env: Sources["env"]): string | undefined {
  const own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  if (env[own]) return parseUrl(own, env[own]).href;
  const shared = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const base = env[shared];
  if (!base) return undefined;
  const url = parseUrl(shared, base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${tracesPath}`;
  return url.href;
}

function parseUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw badSetting(`${name} "${text}"`, "give a URL, as http://127.0.0.1:4318");
}

/** As `name=value,name=value`, values percent-encoded. They are secrets: no error shows them. */
function readHeaders(name: string, env: Sources["env"]): Record<string, string> {
  const pairs = (env[name] ?? "").split(",").map((pair) => pair.trim()).filter(Boolean);
  try {
    const headers = new Headers(
      pairs.map((pair): [string, string] => {
        const [key = "", ...value] = pair.split("=");
        return [key.trim(), decodeURIComponent(value.join("=").trim())];
      }),
    );
    return Object.fromEntries(headers);
  } catch (cause) {
    throw badSetting(name, "give name=value, several separated by commas", cause);
  }
}

function readTimeout(env: Sources["env"]): number {
  const name = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]
    .find((name) => env[name]);
  if (name === undefined) return defaultTimeoutMs;
  const timeoutMs = Number(env[name]);
  if (Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= mostTimeoutMs) return timeoutMs;
  const fix = `give a whole number of milliseconds up to ${mostTimeoutMs}`;
  throw badSetting(`${name} "${env[name]}"`, fix);
}
