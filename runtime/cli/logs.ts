import { parseLogQuery } from "../admin/trace_query.ts";
import type { LogLineRow } from "../store/trace_reader.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodes } from "./failure.ts";
import { follow, untilInterrupted } from "./traces/follow.ts";
import { FollowedLines } from "./traces/followed_lines.ts";
import { LineOutput } from "./traces/line_output.ts";
import { toLogJson, toLogLines } from "./traces/log_lines.ts";
import { chooseStyle } from "./traces/style.ts";
import { openTraceSource } from "./traces/trace_source.ts";
import { followFlag, jsonFlag, readFilter } from "./traces/words.ts";

/** `webtaskd logs`: shows what tasks have printed, the newest last. */
export const logsCommand: Command = {
  name: "logs",
  summary: "Show what tasks have printed, the newest last.",
  arguments: [],
  settings: ["dataDir", "admin"],
  flags: [
    { name: "task", placeholder: "NAME", sentence: "Only of this task." },
    { name: "deployment", placeholder: "HOSTNAME", sentence: "Only of this deployment." },
    { name: "trace", placeholder: "ID", sentence: "Only of this invocation." },
    { name: "level", placeholder: "LEVEL", sentence: "Only debug, info, warn or error." },
    {
      name: "since",
      placeholder: "WHEN",
      sentence: "Only those printed since: how long ago, as 10m, or an ISO time.",
    },
    { name: "limit", placeholder: "COUNT", sentence: "At most so many (default: 200)" },
    followFlag,
    jsonFlag,
  ],
  async run(context) {
    const filter = readFilter(parseLogQuery, context);
    const source = openTraceSource(context);
    const output = new LineOutput(context.platform);
    const show = toLines(context);
    if (context.flags["follow"] === undefined) {
      await output.write((await source.logs(filter)).flatMap(show));
      return exitCodes.done;
    }
    const followed = new FollowedLines(filter);
    await follow(async () => {
      for (;;) {
        const { lines, hasMore } = await followed.next(source);
        await output.write(lines.flatMap(show));
        if (!hasMore || output.isClosed) return !output.isClosed;
      }
    }, untilInterrupted(context.platform));
    return exitCodes.done;
  },
};

function toLines({ platform, flags }: CommandContext): (line: LogLineRow) => readonly string[] {
  if (flags["json"] !== undefined) return (line) => [toLogJson(line)];
  const style = chooseStyle(platform);
  return (line) => toLogLines(line, style);
}
