import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { messageOf } from "../base/errors.ts";
import { badSetting } from "./setting.ts";

/** Where the variables of tasks come from. */
export interface VariableSources {
  readonly files: readonly string[];
  /** Single variables; they win over those of files. */
  readonly variables: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads the variables of tasks; a later file wins over an earlier one.
 * @throws {RuntimeError} `bad_setting` for a file that cannot be read.
 */
export async function readTaskVariables(
  { files, variables }: VariableSources,
): Promise<Readonly<Record<string, string>>> {
  const read = await Promise.all(files.map(readVariableFile));
  const entries = [...read.flat(), ...variables];
  return Object.freeze(Object.fromEntries(entries));
}

async function readVariableFile(file: string): Promise<(readonly [string, string])[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw badSetting(`--env-file "${file}"`, `make it readable: ${messageOf(cause)}`, cause);
  });
  return Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ""] as const);
}
