import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { countOf } from "../../base/count_of.ts";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import { openExisting } from "../../database/sqlite/open.ts";
import { RowImport } from "../../database/tools/row_import.ts";
import type { Action } from "./action.ts";
import { createRowParser, type PlacedRow, type RowParser } from "./file_rows.ts";
import { formatOf } from "./format.ts";
import { ProgressBar } from "./progress_bar.ts";
import { layoutOf } from "./target.ts";
import { forPeople } from "./values.ts";

const chunkBytes = 256 * 1024;

/** `webtaskd db import`: saves the rows of a file, all of them or none. */
export const importAction: Action = {
  name: "import",
  usage: "import MODEL FILE",
  words: [2, 2],
  async run({ context: { platform, flags }, target, words: [model = "", file = ""] }) {
    const layout = layoutOf(target, model);
    const parser = createRowParser(formatOf(file, flags["format"]), {
      layout,
      surroundings: { attachments: target.attachments },
    });
    const connection = await openExisting(target.dir);
    const bar = new ProgressBar(platform, "import");
    try {
      const rows = new RowImport(connection, layout);
      const onShare = (share: number) => bar.update(share, countOf(rows.count, "row"));
      await readFile(resolve(file), { parser, rows, onShare });
      await forPeople(() => rows.commit());
      const { count } = rows;
      bar.end();
      return {
        lines: [`imported ${countOf(count, "row")} into ${model} of ${target.hostname}`],
        json: { ok: true, deployment: target.hostname, model, count },
      };
    } catch (error) {
      bar.end();
      throw error;
    } finally {
      connection.close();
    }
  },
};

async function readFile(
  file: string,
  { parser, rows, onShare }: {
    readonly parser: RowParser;
    readonly rows: RowImport;
    onShare(share: number): void;
  },
): Promise<void> {
  const add = (placed: readonly PlacedRow[]) => {
    for (const row of placed) row.addTo(rows);
  };
  try {
    const total = Math.max(1, (await stat(file)).size);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let done = 0;
    for await (const bytes of chunksOf(file)) {
      add(parser.push(decode(decoder, bytes)));
      done += bytes.length;
      onShare(Math.min(1, done / total));
    }
    add(parser.push(decoder.decode()));
    add(parser.end());
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("bad_data", `Cannot import "${file}": ${messageOf(cause)}`, { cause });
  }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  await using handle = await open(file);
  while (true) {
    const buffer = new Uint8Array(chunkBytes);
    const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new RuntimeError("bad_data", "Cannot import the file: save it as UTF-8", { cause });
  }
}
