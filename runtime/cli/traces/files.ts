import type { TraceReader } from "../../store/trace_reader.ts";

/** Opens what a server has kept in its data folder, without that server. */
export async function openFiles(dataDir: string): Promise<TraceReader> {
  // Loaded by those who need it: a server that runs has it loaded already.
  const [{ openTraceReader }, { tracesFolder }] = await Promise.all([
    import("../../store/trace_file_reader.ts"),
    import("../../store/trace_schema.ts"),
  ]);
  return openTraceReader(tracesFolder(dataDir));
}
