import { resolve } from "node:path";
import { formatSize } from "../../base/units.ts";
import { restoreBackup } from "../../database/tools/restore.ts";
import type { Action } from "./action.ts";
import { ProgressBar } from "./progress_bar.ts";

/** `webtaskd db restore`: puts a backup in place of a database, which is kept beside it. */
export const restoreAction: Action = {
  name: "restore",
  usage: "restore FILE",
  words: [1, 1],
  async run({ context: { platform }, target: { dir, hostname }, words: [name = ""] }) {
    const file = resolve(name);
    const bar = new ProgressBar(platform, "restore");
    const onProgress = (done: number, total: number) => bar.update(done / total, formatSize(total));
    const { list, formerDir } = await restoreBackup({ file, dir, onProgress });
    bar.end();
    const attachments = list.files.length - 1;
    return {
      lines: [
        `restored ${hostname} from the backup of ${list.hostname} of ${list.createdAt}`,
        ...(formerDir === undefined ? [] : [`what was there before is in ${formerDir}`]),
      ],
      json: {
        ok: true,
        deployment: hostname,
        backup: { deployment: list.hostname, createdAt: list.createdAt },
        attachments,
        formerDir: formerDir ?? null,
      },
    };
  },
};
