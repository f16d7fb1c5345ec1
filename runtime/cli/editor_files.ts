import { readFile } from "node:fs/promises";
import { join } from "node:path";
import schema from "../../docs/cloudcode.schema.json" with { type: "json" };
import { replaceFile } from "../base/files.ts";
// @ts-ignore: TypeScript does not know text imports, and reads the file as a module.
import authorTypes from "../task/types.ts" with { type: "text" };
// @ts-ignore: likewise.
import databaseTypes from "../database/types.ts" with { type: "text" };

/** Where the declarations of an app are. */
export const declarationsName = "cloudcode.d.ts";

/** Where the JSON schema of an app's manifest is. */
export const schemaName = "cloudcode.schema.json";

/**
 * Writes declarations and JSON schema beside an app; returns the paths that changed. `models` are the
 * declarations of its data model, where it has one.
 */
export async function writeEditorFiles(appDir: string, models = ""): Promise<readonly string[]> {
  const changed: string[] = [];
  const files = new Map([[declarationsName, toDeclarationsText(models)], [
    schemaName,
    schemaText(),
  ]]);
  for (const [name, text] of files) {
    const path = join(appDir, name);
    // A file that cannot be read is written: that then says what is wrong.
    if (await readFile(path, "utf8").catch(() => undefined) === text) continue;
    await replaceFile(path, text);
    changed.push(path);
  }
  return changed;
}

function schemaText(): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The text of `cloudcode.d.ts`. */
export function toDeclarationsText(models: string): string {
  const sources: readonly string[] = models === "" ? [authorTypes] : [authorTypes, databaseTypes];
  const body = sources.map((source) => source.replace(/^\/\/ INVARIANT:.*\n+/, "").trimEnd())
    .join("\n\n");
  return `// Written by "webtaskd types": run it again after an update.

// What tasks may count on of \`process\`; it merges with @types/node where that is installed.
declare namespace NodeJS {
  interface ProcessEnv {
    [name: string]: string | undefined;
  }
  interface Process {
    env: ProcessEnv;
  }
}
declare var process: NodeJS.Process;

declare module "@journeyapps/cloudcode" {
${body.replaceAll(/^(?=.)/gm, "  ")}
}
${models === "" ? "" : `\n${models}`}`;
}
