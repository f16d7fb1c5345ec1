import { RuntimeError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import type { Command, CommandContext } from "./command.ts";
import { backupAction } from "./db/backup.ts";
import { createAction } from "./db/create.ts";
import type { Action } from "./db/action.ts";
import { exportAction } from "./db/export.ts";
import { importAction } from "./db/import.ts";
import { pruneAction } from "./db/prune.ts";
import { queryAction } from "./db/query.ts";
import { restoreAction } from "./db/restore.ts";
import { openTarget } from "./db/target.ts";
import { exitCodes } from "./failure.ts";

const actions: readonly Action[] = [
  createAction,
  queryAction,
  importAction,
  exportAction,
  backupAction,
  restoreAction,
  pruneAction,
];

const usage = actions.map(({ usage }) => usage).join("; ");

/** `webtaskd db`: works with the database of a deployment, whether it is served or not. */
export const dbCommand: Command = {
  name: "db",
  summary: "Work with the database of a deployment.",
  arguments: [
    { name: "<action>", sentence: `One of: ${usage}` },
    { name: "[words...]", sentence: "What the action needs." },
  ],
  settings: ["dataDir", "environment"],
  flags: [
    {
      name: "deployment",
      placeholder: "HOSTNAME",
      sentence:
        "The hostname of the deployment (default: that of the app, made where there is none)",
    },
    { name: "app", placeholder: "FOLDER", sentence: "The app's folder (default: ./tasks)" },
    { name: "order", placeholder: "FIELDS", sentence: "query: the order, as name,-created" },
    { name: "limit", placeholder: "COUNT", sentence: "query: at most so many (default: 100)" },
    {
      name: "format",
      placeholder: "FORMAT",
      sentence: "import, export: jsonl or csv (default: by the file's name)",
    },
    { name: "json", placeholder: undefined, sentence: "Write one JSON object." },
  ],
  async run(context) {
    const [name = "", ...words] = context.args;
    const action = actions.find((action) => action.name === name);
    if (action === undefined) throw misuse(`"${name}"`, unknownFix(name));
    const [least, most] = action.words;
    if (words.length < least || words.length > most) {
      throw misuse(
        words.length < least ? "so few words" : "so many words",
        `write ${action.usage}`,
      );
    }
    return await runAction(action, { context, words });
  },
};

async function runAction(
  action: Action,
  { context, words }: { readonly context: CommandContext; readonly words: readonly string[] },
): Promise<number> {
  await using target = await openTarget(context, { isRestore: action.name === "restore" });
  const result = await action.run({ context, target, words });
  if (context.flags["json"] !== undefined) context.out(JSON.stringify(result.json));
  else for (const line of result.lines) context.out(line);
  return exitCodes.done;
}

function unknownFix(name: string): string {
  const names = actions.map(({ name }) => name);
  return `choose one of ${names.join(", ")}${didYouMean(name, names)}`;
}

function misuse(what: string, fix: string): RuntimeError {
  return new RuntimeError("bad_setting", `Cannot use ${what}: ${fix}`);
}
