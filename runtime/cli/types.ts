import { readSchema } from "../database/model/read_schema.ts";
import { toDeclarations } from "../database/tools/declarations.ts";
import type { Command } from "./command.ts";
import { writeEditorFiles } from "./editor_files.ts";
import { exitCodes } from "./failure.ts";
import { defaultApp, requireApp } from "./apps.ts";

/** `webtaskd types`: writes what editors need to know an app. */
export const typesCommand: Command = {
  name: "types",
  summary: "Write declarations, those of schema.xml included, and the manifest's JSON schema.",
  arguments: [{ name: "[app]", sentence: "The app's folder (default: ./tasks)" }],
  settings: [],
  flags: [],
  async run({ args, out }) {
    const appDir = args[0] ?? defaultApp;
    await requireApp(appDir);
    const schema = await readSchema(appDir);
    const changed = await writeEditorFiles(appDir, schema && toDeclarations(schema.model));
    for (const path of changed) out(`wrote ${path}`);
    if (changed.length === 0) out(`${appDir} is up to date`);
    return exitCodes.done;
  },
};
