import { RuntimeError } from "../../base/errors.ts";

/** How rows are written in a file. */
export type RowFormat = "jsonl" | "csv";

/** The format that `--format` says, or the name of the file; lines of JSON by default. */
export function formatOf(file: string | undefined, given: string | undefined): RowFormat {
  if (given === "jsonl" || given === "csv") return given;
  if (given !== undefined) {
    throw new RuntimeError("bad_setting", `Cannot use --format "${given}": give jsonl or csv`);
  }
  return file?.toLowerCase().endsWith(".csv") ? "csv" : "jsonl";
}
