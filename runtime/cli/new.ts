import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { toLabel } from "../base/dns.ts";
import { messageOf, RuntimeError } from "../base/errors.ts";
import { createFile, replaceFile } from "../base/files.ts";
import { oneOf } from "../config/parsers.ts";
import { badSetting } from "../config/setting.ts";
import { addTaskEntry } from "../manifest/add_task.ts";
import { maxAppLength } from "../manifest/hostname.ts";
import { manifestName } from "../manifest/manifest.ts";
import { taskNamePattern } from "../base/task_name.ts";
import { findTaskFile } from "../manifest/task_files.ts";
import { defaultApp, isApp } from "./apps.ts";
import type { Command, CommandContext } from "./command.ts";
import { writeEditorFiles } from "./editor_files.ts";
import { exitCodes } from "./failure.ts";
import {
  type TaskTemplate,
  templateAuths,
  templateMethods,
  tokenVariable,
  toManifestText,
  toTaskText,
  tsconfigText,
} from "./templates.ts";

/** `webtaskd new`: writes a task that answers at once. */
export const newCommand: Command = {
  name: "new",
  summary: "Write a web task, and the app around it where there is none.",
  arguments: [
    { name: "<name>", sentence: "The task's name, which is its path too" },
    { name: "[app]", sentence: `The app's folder (default: ${defaultApp})` },
  ],
  settings: [],
  flags: [
    {
      name: "method",
      placeholder: "METHOD",
      sentence: `What it answers: ${templateMethods.join(", ")}. (default: get)`,
    },
    {
      name: "auth",
      placeholder: "KIND",
      sentence: `Who may use it: ${templateAuths.join(", ")}. (default: none)`,
    },
  ],
  async run(context) {
    const task = toTemplate(context);
    const appDir = context.args[1] ?? defaultApp;
    await writeTask(appDir, { task, out: context.out });
    context.out(nextStep(appDir, task));
    return exitCodes.done;
  },
};

interface WriteOptions {
  readonly task: TaskTemplate;
  out(line: string): void;
}

function toTemplate({ args, flags }: CommandContext): TaskTemplate {
  const name = args[0] ?? "";
  if (!taskNamePattern.test(name)) {
    throw badSetting(`the name "${name}"`, "use letters, digits, _ and -, a letter first");
  }
  return {
    name,
    method: readFlag(flags, { flag: "method", words: templateMethods, usual: "get" }),
    auth: readFlag(flags, { flag: "auth", words: templateAuths, usual: "none" }),
  };
}

function readFlag<const W extends string>(
  flags: CommandContext["flags"],
  { flag, words, usual }: { readonly flag: string; readonly words: readonly W[]; usual: W },
): W {
  const text = flags[flag] ?? usual;
  const word = oneOf(words)(text.toLowerCase());
  if (word.kind === "good") return word.value;
  throw badSetting(`--${flag} "${text}"`, word.fix);
}

async function writeTask(appDir: string, { task, out }: WriteOptions): Promise<void> {
  await refuseSecondFile(appDir, task.name);
  const manifest = join(appDir, manifestName);
  const isNew = !await isApp(appDir);
  const text = isNew ? toManifestText(appName(appDir)) : await readManifestText(manifest);
  const withTask = addTaskEntry(text, task.name);

  const file = join(appDir, `${task.name}.ts`);
  await createFile(file, toTaskText(task));
  out(`created ${file}`);
  if (isNew) await createFile(manifest, withTask);
  else if (withTask !== text) await replaceFile(manifest, withTask);
  if (withTask !== text) out(`${isNew ? "created" : "updated"} ${manifest}`);
  if (isNew) await writeEditorSetup(appDir, out);
}

async function refuseSecondFile(appDir: string, name: string): Promise<void> {
  const file = await findTaskFile(appDir, name);
  if (file.kind === "bad") return;
  const path = join(appDir, file.value);
  throw new RuntimeError("file_exists", `Cannot create task "${name}": "${path}" exists`);
}

async function readManifestText(manifest: string): Promise<string> {
  try {
    return (await readFile(manifest, "utf8")).replace(/^\ufeff/, "");
  } catch (cause) {
    const message = `Cannot read "${manifest}": ${messageOf(cause)}`;
    throw new RuntimeError("bad_manifest", message, { cause });
  }
}

async function writeEditorSetup(appDir: string, out: (line: string) => void): Promise<void> {
  for (const path of await writeEditorFiles(appDir)) out(`created ${path}`);
  const tsconfig = join(appDir, "tsconfig.json");
  try {
    await createFile(tsconfig, tsconfigText);
    out(`created ${tsconfig}`);
  } catch (error) {
    // One that is there belongs to the author, and covers the folder already.
    if (!(error instanceof RuntimeError && error.code === "file_exists")) throw error;
  }
}

/** A folder called "tasks" says nothing about the app: the one around it does. */
function appName(appDir: string): string {
  const folder = resolve(appDir);
  const name = basename(folder) === "tasks" ? basename(dirname(folder)) : basename(folder);
  return toLabel(toLabel(name).slice(0, maxAppLength)) || "my-app";
}

function nextStep(appDir: string, { name, method, auth }: TaskTemplate): string {
  const variable = tokenVariable(name);
  const [env, header] = auth === "bearer"
    ? [` --env ${variable}=secret`, ' -H "Authorization: Bearer secret"']
    : ["", ""];
  const folder = /^[\w./-]+$/.test(appDir) ? appDir : JSON.stringify(appDir);
  const verb = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  return `next:    webtaskd serve ${folder}${env}
         curl${verb}${header} http://localhost:8787/${name}`;
}
