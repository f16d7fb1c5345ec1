import { fileURLToPath } from "node:url";
import { replaceFile } from "../base/files.ts";
import { toSettingsPage } from "../config/describe.ts";
import { toManifestSchemaText } from "../manifest/json_schema.ts";

/** The documents that follow from code, by their path from the top of the repository. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/cloudcode.schema.json", toManifestSchemaText()],
    ["docs/settings.md", toSettingsPage()],
  ]);
}

/** Writes every generated document below the top of the repository. */
export async function writeGeneratedDocs(top: string): Promise<void> {
  for (const [path, text] of generatedDocs()) await replaceFile(`${top}/${path}`, text);
}

if (import.meta.main) await writeGeneratedDocs(fileURLToPath(new URL("../..", import.meta.url)));
