import type * as v from "valibot";
import type { CorsSettings, TaskSettings } from "../base/task_settings.ts";
import type { corsSchema, taskSchema } from "./schema.ts";

type TaskEntry = v.InferOutput<typeof taskSchema>;

/** Turns a checked entry into the settings it gives; what it does not mention stays absent. */
export function toGivenSettings(entry: TaskEntry): Partial<TaskSettings> {
  const { timeout, attempts, deadline, late, maxDuration, concurrency, maxBody, cors } = entry;
  return {
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(attempts !== undefined && { attempts }),
    ...(deadline !== undefined && { deadlineMs: deadline }),
    ...(late !== undefined && { late }),
    ...(maxDuration !== undefined && { maxDurationMs: maxDuration }),
    ...(concurrency !== undefined && { concurrency }),
    ...(maxBody !== undefined && { maxBodyBytes: maxBody }),
    ...(cors !== undefined && { cors: toCorsSettings(cors) }),
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
