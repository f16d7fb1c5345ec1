import { toJson } from "../admin/trace_wire.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./failure.ts";
import { LineOutput } from "./traces/line_output.ts";
import { toTree } from "./traces/request_tree.ts";
import { chooseStyle } from "./traces/style.ts";
import { openTraceSource } from "./traces/trace_source.ts";
import { jsonFlag } from "./traces/words.ts";

/** Where no terminal says how wide it is. */
const usualColumns = 100;

/** `webtaskd trace`: shows everything that is known of one request. */
export const traceCommand: Command = {
  name: "trace",
  summary: "Show a request: its attempts, what each printed, and why it failed.",
  arguments: [{ name: "<id>", sentence: "A request ID, or the trace ID of one of its attempts." }],
  settings: ["dataDir", "admin"],
  flags: [jsonFlag],
  async run(context) {
    const { platform, flags, args: [id = ""] } = context;
    const request = await openTraceSource(context).find(id);
    if (request === undefined) throw notFound(id);
    const output = new LineOutput(platform);
    const options = {
      style: chooseStyle(platform),
      columns: platform.terminalColumns() ?? usualColumns,
      nowMs: Date.now(),
    };
    const isJson = flags["json"] !== undefined;
    await output.write(isJson ? [toJson(request)] : toTree(request, options));
    return exitCodes.done;
  },
};

function notFound(id: string): RuntimeError {
  const message = `Cannot find "${id}": no request and no trace of this ID is kept`;
  return new RuntimeError("not_found", message);
}
