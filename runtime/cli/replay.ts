import { AdminClient } from "../admin/admin_client.ts";
import { toJson } from "../admin/trace_wire.ts";
import type { ReplayResult } from "../protocol/replay_result.ts";
import { printable, printableLine } from "../store/printable.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./failure.ts";
import { LineOutput } from "./traces/line_output.ts";
import { jsonFlag } from "./traces/words.ts";

/** `webtaskd replay`: sends a captured request again. */
export const replayCommand: Command = {
  name: "replay",
  summary: "Send a captured request again, to the release that is active now.",
  arguments: [{ name: "<id>", sentence: "The ID of a request whose task has capture set." }],
  settings: ["dataDir", "admin"],
  flags: [jsonFlag],
  async run({ platform, settings, flags, args: [id = ""], err }) {
    const result = await new AdminClient(settings.admin).replay(id);
    const output = new LineOutput(platform);
    if (flags["json"] !== undefined) await output.write([toJson(result)]);
    else {
      for (const line of toNotes(result)) err(line);
      const isText = platform.isTerminal("stdout");
      await output.write([isText ? printable(result.body) : result.body]);
    }
    return exitCodes.done;
  },
};

/** What is not the body goes to standard error, so that the body can be piped on. */
function toNotes({ requestId, replayOf, traceId, status, contentType, redacted }: ReplayResult) {
  const ids = `request ${requestId}${traceId === undefined ? "" : `, trace ${traceId}`}`;
  const missing = redacted.length === 0
    ? []
    : [`webtaskd: sent without what was not stored: ${redacted.join(", ")}`];
  return [
    ...missing,
    `webtaskd: ${status} ${contentType ?? "without a body"}: ${ids}, a replay of ${replayOf}`,
  ].map(printableLine);
}
