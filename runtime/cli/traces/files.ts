import { RuntimeError } from "../../base/errors.ts";
import type { TraceReader } from "../../store/trace_reader.ts";

/** Opens what a server has kept in its data folder, without that server. */
export function openFiles(dataDir: string): Promise<TraceReader> {
  return Promise.reject(new RuntimeError("not_found", `Cannot find traces in "${dataDir}"`));
}
