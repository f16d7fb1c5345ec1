import { Command as Program, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { readSettings, unknownVariables } from "../config/config.ts";
import { describeSetting } from "../config/describe.ts";
import type { Setting } from "../config/setting.ts";
import { settingTable } from "../config/table.ts";
import type { Platform } from "../platform/platform.ts";
import { checkCommand } from "./check.ts";
import type { Command, CommandFlag } from "./command.ts";
import { dbCommand } from "./db.ts";
import { devCommand } from "./dev.ts";
import { doctorCommand } from "./doctor.ts";
import { exitCodes, reportFailure } from "./failure.ts";
import { logsCommand } from "./logs.ts";
import { newCommand } from "./new.ts";
import { replayCommand } from "./replay.ts";
import { serveCommand } from "./serve.ts";
import { traceCommand } from "./trace.ts";
import { tracesCommand } from "./traces.ts";
import { typesCommand } from "./types.ts";

const commands: readonly Command[] = [
  serveCommand,
  devCommand,
  checkCommand,
  newCommand,
  typesCommand,
  tracesCommand,
  traceCommand,
  logsCommand,
  replayCommand,
  dbCommand,
  doctorCommand,
];

const helpWidth = 100;

/** Runs the command a person asked for; resolves with the exit code of the process. */
export async function runCli(platform: Platform): Promise<number> {
  let exitCode: number = exitCodes.misuse;
  const program = createProgram(platform);
  for (const command of commands) {
    addCommand({ program, platform }, command, async (given) => {
      exitCode = await run(command, platform, given);
    });
  }
  try {
    await program.parseAsync([...platform.args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.misuse;
  }
}

interface Given {
  readonly args: readonly string[];
  /** Values by the flag's name; `[""]` for a flag that takes none. */
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

async function run(command: Command, platform: Platform, { args, flags }: Given) {
  const err = (line: string) => platform.writeOut("stderr", `${line}\n`);
  try {
    const { env } = platform;
    // First: a misspelt variable may be why the settings are refused.
    if (command.settings.length > 0) warnAboutVariables(platform, err);
    const settings = await readSettings({ names: command.settings, flags, env });
    return await command.run({
      platform,
      settings,
      args,
      flags: Object.fromEntries(command.flags.map(({ name }) => [name, flags[name]?.at(-1)])),
      out: (line) => platform.writeOut("stdout", `${line}\n`),
      err,
    });
  } catch (error) {
    return reportFailure(error, { command: command.name, err });
  }
}

function warnAboutVariables(platform: Platform, err: (line: string) => void): void {
  for (const warning of unknownVariables(platform.env)) err(`webtaskd: ${warning}`);
}

function createProgram(platform: Platform): Program {
  const program = new Program("webtaskd")
    .description("Serves CloudCode web tasks over HTTP.")
    // Every command has --help: one way is enough.
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => platform.writeOut("stdout", text),
      writeErr: (text) => platform.writeOut("stderr", text),
      outputError: (text, write) => write(text.replace(/^error: /, "webtaskd: Cannot run this: ")),
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    });
  return withManners(program, platform);
}

function addCommand(
  { program, platform }: { readonly program: Program; readonly platform: Platform },
  command: Command,
  action: (given: Given) => Promise<void>,
): void {
  const sub = withManners(program.command(command.name), platform).description(command.summary);
  for (const { name, sentence } of command.arguments) sub.argument(name, sentence);
  for (const flag of command.flags) sub.addOption(toOption(flag, flag.sentence));
  for (const name of command.settings) {
    const setting: Setting<unknown> = settingTable[name];
    sub.addOption(toOption({ ...setting, name: setting.flag }, describeSetting(setting)));
  }
  sub.action(() => action({ args: sub.args, flags: readFlags(sub) }));
}

/** `--help` and `--version` work on every command, and misuse ends with the way to help. */
function withManners(program: Program, platform: Platform): Program {
  const parent = program.parent === null ? "" : "webtaskd ";
  const version = `webtaskd ${packageJson.version} (${platform.name} ${platform.version})`;
  return program
    .helpOption("-h, --help", "Show this help.")
    .version(version, "--version", "Show the version.")
    .showHelpAfterError(`Try "${parent}${program.name()} --help".`);
}

function toOption(flag: Pick<CommandFlag, "name" | "placeholder">, sentence: string): Option {
  if (flag.placeholder === undefined) return new Option(`--${flag.name}`, sentence);
  return new Option(`--${flag.name} <${flag.placeholder}>`, sentence).argParser<string[]>(
    (value, previous = []) => [...previous, value],
  );
}

function readFlags(program: Program): Given["flags"] {
  const values: Readonly<Record<string, unknown>> = program.opts();
  return Object.fromEntries(
    program.options.map((option) => [option.name(), values[option.attributeName()]] as const)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : [""]]),
  );
}
