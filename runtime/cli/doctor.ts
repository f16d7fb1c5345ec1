import { countOf } from "../base/count_of.ts";
import { type DatabaseHealth, inspectDatabase } from "../database/tools/health.ts";
import { listDatabases } from "../database/tools/stored_model.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./failure.ts";

const bytesPerMegabyte = 1e6;

/** `webtaskd doctor`: looks over what is kept, and says what is wrong with it. */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "Look over the databases in the data folder, and say what is wrong.",
  arguments: [],
  settings: ["dataDir"],
  flags: [{ name: "json", placeholder: undefined, sentence: "Write one JSON object." }],
  async run({ settings: { dataDir }, flags, out }) {
    const databases: DatabaseHealth[] = [];
    for (const hostname of await listDatabases(dataDir)) {
      databases.push(await inspectDatabase(dataDir, hostname));
    }
    const ok = databases.every(({ problems }) => problems.length === 0);
    if (flags["json"] !== undefined) out(JSON.stringify({ ok, databases }));
    else for (const line of toLines(databases, dataDir)) out(line);
    return ok ? exitCodes.done : exitCodes.failed;
  },
};

function toLines(databases: readonly DatabaseHealth[], dataDir: string): readonly string[] {
  if (databases.length === 0) return [`no databases in ${dataDir}`];
  return databases.flatMap((health) => [
    `database of ${health.hostname}: ${health.problems.length === 0 ? "ok" : "not ok"}`,
    `  file         ${health.file}, ${toMegabytes(health.bytes)}`,
    `  WAL          ${toMegabytes(health.walBytes)}`,
    `  attachments  ${health.attachments}, ${toMegabytes(health.attachmentBytes)}`,
    ...(health.unusedAttachments === 0 ? [] : [
      `  unused       ${countOf(health.unusedAttachments, "attachment")}, ` +
      `${toMegabytes(health.unusedAttachmentBytes)}: ` +
      `run "webtaskd db prune --deployment ${health.hostname}"`,
    ]),
    ...Object.entries(health.objects).map(([model, count]) => `  ${model}: ${count}`),
    ...health.problems.map((problem) => `  problem: ${problem}`),
  ]);
}

function toMegabytes(bytes: number): string {
  return `${(bytes / bytesPerMegabyte).toFixed(2)} MB`;
}
