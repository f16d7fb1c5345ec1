import type { Command } from "./command.ts";
import { writeEditorFiles } from "./editor_files.ts";
import { exitCodes } from "./failure.ts";
import { defaultApp, requireApp } from "./apps.ts";

/** `webtaskd types`: writes what editors need to know an app. */
export const typesCommand: Command = {
  name: "types",
  summary: "Write the declarations of @journeyapps/cloudcode and the manifest's JSON schema.",
  arguments: [{ name: "[app]", sentence: "The app's folder (default: ./tasks)" }],
  settings: [],
  flags: [],
  async run({ args, out }) {
    const appDir = args[0] ?? defaultApp;
    await requireApp(appDir);
    const changed = await writeEditorFiles(appDir);
    for (const path of changed) out(`wrote ${path}`);
    if (changed.length === 0) out(`${appDir} is up to date`);
    return exitCodes.done;
  },
};
