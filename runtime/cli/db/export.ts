import { open, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { countOf } from "../../base/count_of.ts";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import type { Layout } from "../../database/model/layout.ts";
import type { Action } from "./action.ts";
import { toCsvLine } from "./csv.ts";
import { formatOf, type RowFormat } from "./format.ts";
import { ProgressBar } from "./progress_bar.ts";
import { layoutOf } from "./target.ts";
import { forPeople } from "./values.ts";

const bufferedLength = 64 * 1024;

/** `webtaskd db export`: writes all objects of a model, in a form that `import` reads. */
export const exportAction: Action = {
  name: "export",
  usage: "export MODEL [FILE]",
  words: [1, 2],
  async run({ context, target, words: [model = "", name] }) {
    const file = name === "-" ? undefined : name;
    const layout = layoutOf(target, model);
    const format = formatOf(file, context.flags["format"]);
    const query = target.database.collection(model).all();
    const total = Math.max(1, await query.count());
    const bar = file === undefined ? undefined : new ProgressBar(context.platform, "export");
    let count = 0;
    const lines = async function* () {
      if (format === "csv") yield toCsvLine(layout.columns.map(({ name }) => name));
      for await (const object of query) {
        yield toLine(object, { layout, format });
        count += 1;
        bar?.update(Math.min(1, count / total), countOf(count, "row"));
      }
    };
    if (file === undefined) {
      // Rows are the output: nothing else may stand between them.
      for await (const line of lines()) context.out(line);
      return { lines: [], json: { ok: true, deployment: target.hostname, model, count } };
    }
    await forPeople(() => writeLines(resolve(file), lines()));
    bar?.end();
    return {
      lines: [`exported ${countOf(count, "row")} of ${model} to ${file}`],
      json: { ok: true, deployment: target.hostname, model, count, file: resolve(file) },
    };
  },
};

function toLine(
  object: object,
  { layout, format }: { readonly layout: Layout; readonly format: RowFormat },
): string {
  const json = JSON.stringify(object);
  if (format === "jsonl") return json;
  const values: Readonly<Record<string, unknown>> = JSON.parse(json);
  return toCsvLine(layout.columns.map(({ name, field }) => toCell(values[name], field.type)));
}

function toCell(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (type.startsWith("multiple-choice") && Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The file is there whole or not at all. */
async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const partial = `${path}.${crypto.randomUUID()}`;
  try {
    await using file = await open(partial, "wx", 0o600);
    let buffer = "";
    for await (const line of lines) {
      buffer += `${line}\n`;
      if (buffer.length < bufferedLength) continue;
      await file.appendFile(buffer);
      buffer = "";
    }
    await file.appendFile(buffer);
    await file.sync();
    await rename(partial, path);
  } catch (cause) {
    if (Object(cause).name === "DatabaseError") throw cause;
    throw new RuntimeError("file_failed", `Cannot write "${path}": ${messageOf(cause)}`, { cause });
  } finally {
    await rm(partial, { force: true });
  }
}
