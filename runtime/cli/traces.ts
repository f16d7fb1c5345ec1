import { parseTraceQuery } from "../admin/trace_query.ts";
import type { TraceRow } from "../store/trace_reader.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodes } from "./failure.ts";
import { follow, untilInterrupted } from "./traces/follow.ts";
import { FollowedTraces } from "./traces/followed_traces.ts";
import { LineOutput } from "./traces/line_output.ts";
import { chooseStyle } from "./traces/style.ts";
import { toTraceJson, toTraceLine, traceHeader } from "./traces/trace_rows.ts";
import { openTraceSource } from "./traces/trace_source.ts";
import { followFlag, jsonFlag, readFilter } from "./traces/words.ts";

/** `webtaskd traces`: lists invocations, the newest last. */
export const tracesCommand: Command = {
  name: "traces",
  summary: "List what has been run, the newest last.",
  arguments: [],
  settings: ["dataDir", "admin"],
  flags: [
    { name: "task", placeholder: "NAME", sentence: "Only of this task." },
    {
      name: "state",
      placeholder: "STATE",
      sentence: "Only those that are RUNNING, COMPLETED, FAILED, CRASHED, KILLED or INTERRUPTED.",
    },
    {
      name: "since",
      placeholder: "WHEN",
      sentence: "Only those started since: how long ago, as 10m, or an ISO time.",
    },
    { name: "slow", placeholder: "DURATION", sentence: "Only those that took at least this long." },
    { name: "deployment", placeholder: "HOSTNAME", sentence: "Only of this deployment." },
    { name: "request", placeholder: "ID", sentence: "Only the attempts of this request." },
    { name: "limit", placeholder: "COUNT", sentence: "At most so many (default: 50)" },
    followFlag,
    jsonFlag,
  ],
  async run(context) {
    const filter = readFilter(parseTraceQuery, context);
    const isFollowed = context.flags["follow"] !== undefined;
    const source = openTraceSource(context);
    const output = new LineOutput(context.platform);
    const show = toLine(context);
    let header = context.flags["json"] === undefined ? [traceHeader] : [];
    if (!isFollowed) {
      const rows = await source.traces(filter);
      await output.write([...header, ...rows.toReversed().map(show)]);
      return exitCodes.done;
    }
    const followed = new FollowedTraces(filter);
    await follow(async () => {
      const { rows, isIncomplete } = await followed.next(source);
      if (isIncomplete) context.err("webtaskd: too many to follow: some are left out");
      await output.write([...header, ...rows.map(show)]);
      header = [];
      return !output.isClosed;
    }, untilInterrupted(context.platform));
    return exitCodes.done;
  },
};

function toLine({ platform, flags }: CommandContext): (row: TraceRow) => string {
  if (flags["json"] !== undefined) return toTraceJson;
  const options = { style: chooseStyle(platform), columns: platform.terminalColumns() };
  return (row) => toTraceLine(row, options);
}
