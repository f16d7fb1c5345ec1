import { countOf } from "../../base/count_of.ts";
import { formatSize } from "../../base/units.ts";
import { pruneAttachments } from "../../database/tools/unused_attachments.ts";
import type { Action } from "./action.ts";

/** `webtaskd db prune`: removes the attachments that no object refers to any more. */
export const pruneAction: Action = {
  name: "prune",
  usage: "prune",
  words: [0, 0],
  async run({ target: { dir, hostname } }) {
    const { count, bytes } = await pruneAttachments(dir);
    return {
      lines: [
        `removed ${countOf(count, "unused attachment")} of ${hostname}, ${formatSize(bytes)}`,
      ],
      json: { ok: true, deployment: hostname, count, bytes },
    };
  },
};
