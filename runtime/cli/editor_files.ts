import { readFile } from "node:fs/promises";
import { join } from "node:path";
import schema from "../../docs/cloudcode.schema.json" with { type: "json" };
import { replaceFile } from "../base/files.ts";
// @ts-ignore: TypeScript does not know text imports, and reads the file as a module.
import authorTypes from "../task/types.ts" with { type: "text" };

/** Where the declarations of an app are. */
export const declarationsName = "cloudcode.d.ts";

/** Where the JSON schema of an app's manifest is. */
export const schemaName = "cloudcode.schema.json";

/** Writes declarations and JSON schema beside an app; returns the paths that changed. */
export async function writeEditorFiles(appDir: string): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const [name, text] of [[declarationsName, declarations()], [schemaName, schemaText()]]) {
    if (name === undefined || text === undefined) continue;
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

function declarations(): string {
  const source: string = authorTypes;
  const body = source.replace(/^\/\/ INVARIANT:.*\n+/, "").trimEnd();
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
`;
}
