import type { CorsSettings } from "../base/task_settings.ts";
import type { HeaderFields } from "../protocol/call.ts";

type Fields = Record<string, string>;

/** Whether a request is a browser's question for leave. Source: the Fetch standard, CORS protocol. */
export function isPreflight(method: string, headers: HeaderFields): boolean {
  return method === "OPTIONS" && headers["origin"] !== undefined &&
    headers["access-control-request-method"] !== undefined;
}

/** The headers that every answer of a task with `cors` carries. */
export function corsHeaders(cors: CorsSettings, headers: HeaderFields): Fields {
  const fields: Fields = { vary: "Origin" };
  const allowed = allowedOrigin(cors, headers["origin"]);
  if (allowed === undefined) return fields;
  fields["access-control-allow-origin"] = allowed;
  if (cors.hasCredentials) fields["access-control-allow-credentials"] = "true";
  if (cors.exposeHeaders.length > 0) {
    fields["access-control-expose-headers"] = cors.exposeHeaders.join(", ");
  }
  return fields;
}

/** The headers of the answer to a preflight; `methods` are those the task has. */
export function preflightHeaders(
  cors: CorsSettings,
  headers: HeaderFields,
  methods: readonly string[],
): Fields {
  const fields = corsHeaders(cors, headers);
  if (fields["access-control-allow-origin"] === undefined) return fields;
  fields["access-control-allow-methods"] = (cors.methods ?? methods).join(", ");
  const asked = headers["access-control-request-headers"];
  const allowed = cors.headers === "*" ? asked : cors.headers?.join(", ");
  if (allowed) fields["access-control-allow-headers"] = allowed;
  if (cors.maxAgeSeconds !== undefined) {
    fields["access-control-max-age"] = String(cors.maxAgeSeconds);
  }
  fields["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
  return fields;
}

function allowedOrigin(cors: CorsSettings, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (cors.origins === "*") return "*";
  return cors.origins.includes(origin) ? origin : undefined;
}
