import { stat } from "node:fs/promises";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import type { TraceReader } from "../../store/trace_reader.ts";

/**
 * Opens what a server has kept in its data folder, without that server.
 * @throws {RuntimeError} `not_found` where none has kept anything.
 */
export async function openFiles(dataDir: string): Promise<TraceReader> {
  // Loaded by those who need it: a server that runs has it loaded already.
  const [{ openTraceReader }, { traceFile, tracesFolder }] = await Promise.all([
    import("../../store/trace_file_reader.ts"),
    import("../../store/trace_schema.ts"),
  ]);
  const folder = tracesFolder(dataDir);
  await stat(traceFile(folder)).catch((cause: unknown) => {
    const message = `Cannot find traces in "${dataDir}": ${messageOf(cause)}: ` +
      "give the --data of a server, or start it";
    throw new RuntimeError("not_found", message, { cause });
  });
  return openTraceReader(folder);
}
