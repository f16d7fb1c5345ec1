import type * as v from "valibot";
import {
  type CaptureSettings,
  type CorsSettings,
  type TaskSettings,
  usualCapturedBytes,
} from "../base/task_settings.ts";
import type { captureSchema, corsSchema, taskSchema } from "./schema.ts";

type TaskEntry = v.InferOutput<typeof taskSchema>;

/** Turns a checked entry into the settings it gives; what it does not mention stays absent. */
export function toGivenSettings(entry: TaskEntry): Partial<TaskSettings> {
  const { timeout, attempts, deadline, late, maxDuration, concurrency, maxBody } = entry;
  const { cors, capture } = entry;
  return {
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(attempts !== undefined && { attempts }),
    ...(deadline !== undefined && { deadlineMs: deadline }),
    ...(late !== undefined && { late }),
    ...(maxDuration !== undefined && { maxDurationMs: maxDuration }),
    ...(concurrency !== undefined && { concurrency }),
    ...(maxBody !== undefined && { maxBodyBytes: maxBody }),
    ...(cors !== undefined && { cors: toCorsSettings(cors) }),
    ...(capture !== undefined && { capture: toCaptureSettings(capture) }),
  };
}

function toCorsSettings(cors: v.InferOutput<typeof corsSchema>): CorsSettings {
  return {
    origins: cors.origin,
    methods: cors.methods,
    headers: cors.headers,
    exposeHeaders: cors.exposeHeaders ?? [],
    hasCredentials: cors.credentials ?? false,
    maxAgeSeconds: cors.maxAge,
  };
}

/** An empty one takes back what `defaults` says. */
function toCaptureSettings(
  { headers, body = false, maxBody = usualCapturedBytes, redact = [] }: v.InferOutput<
    typeof captureSchema
  >,
): CaptureSettings | undefined {
  if (headers === undefined && !body) return undefined;
  return { headers: headers ?? [], hasBody: body, maxBodyBytes: maxBody, redact };
}
