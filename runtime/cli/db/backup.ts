import { resolve } from "node:path";
import { countOf } from "../../base/count_of.ts";
import { formatSize } from "../../base/units.ts";
import { writeBackup } from "../../database/tools/backup.ts";
import type { Action } from "./action.ts";
import { ProgressBar } from "./progress_bar.ts";

/** `webtaskd db backup`: writes a backup while the database is in use. */
export const backupAction: Action = {
  name: "backup",
  usage: "backup FILE",
  words: [1, 1],
  async run({ context: { platform }, target: { dir, hostname }, words: [name = ""] }) {
    const file = resolve(name);
    const bar = new ProgressBar(platform, "backup");
    const onProgress = (done: number, total: number) => bar.update(done / total, formatSize(total));
    const { files } = await writeBackup({ dir, hostname, file, onProgress });
    bar.end();
    const attachments = files.length - 1;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return {
      lines: [`backed up ${hostname} with ${countOf(attachments, "attachment")} to ${name}`],
      json: { ok: true, deployment: hostname, file, attachments, bytes },
    };
  },
};
