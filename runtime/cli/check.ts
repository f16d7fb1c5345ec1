import { resolve } from "node:path";
import { messageOf } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { listApp } from "../deploy/app_files.ts";
import { type AppSchema, readSchema } from "../database/model/read_schema.ts";
import { inspectTasks } from "../pool/inspect.ts";
import { defaultApp } from "./apps.ts";
import { type AppReport, checkApp, type Inspect } from "./check_app.ts";
import { hasProblems, toJsonReport, toTextReport } from "./check_report.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./failure.ts";

/** `webtaskd check`: says whether apps can be served as their manifests mean it. */
export const checkCommand: Command = {
  name: "check",
  summary: "Check manifests, and load every task once.",
  arguments: [{ name: "[app...]", sentence: `Folders of apps (default: ${defaultApp})` }],
  settings: ["variables", "variableFiles"],
  flags: [{ name: "json", placeholder: undefined, sentence: "Write one JSON object." }],
  async run({ platform, settings, args, flags, out }) {
    const inspectWith = (dataModel: unknown): Inspect => (appDir, tasks) =>
      inspectTasks({
        platform,
        log: silentLog,
        appDir: resolve(appDir),
        tasks: tasks.map(({ name, file }) => ({ name, file })),
        env: settings.taskEnv,
        dataModel,
      });
    const reports: AppReport[] = [];
    for (const appDir of args.length === 0 ? [defaultApp] : args) {
      const schema = await inspectSchema(appDir);
      const checked = await checkApp(appDir, inspectWith(schema.dataModel));
      // Without a manifest there is nothing that a release could be made of.
      const report = checked.app === null ? checked : await withRelease(checked);
      reports.push({
        ...report,
        problems: [...report.problems, ...schema.problems],
        warnings: [...report.warnings, ...schema.warnings],
      });
    }
    out(flags["json"] === undefined ? toTextReport(reports) : toJsonReport(reports));
    return hasProblems(reports) ? exitCodes.failed : exitCodes.done;
  },
};

/** Adds what would keep `serve` from making a release of the app. */
async function withRelease(report: AppReport): Promise<AppReport> {
  try {
    await listApp(resolve(report.dir));
    return report;
  } catch (error) {
    // Links without end, too many bytes, a folder that cannot be read: whatever it is, it is a problem.
    return { ...report, problems: [...report.problems, messageOf(error)] };
  }
}

interface SchemaReport {
  readonly dataModel: unknown;
  readonly problems: readonly string[];
  readonly warnings: AppSchema["warnings"];
}

/** Reads the data model; tasks of an app with a wrong one are loaded as if it had none. */
async function inspectSchema(appDir: string): Promise<SchemaReport> {
  try {
    const { model = null, warnings = [] } = await readSchema(appDir) ?? {};
    return { dataModel: model, problems: [], warnings };
  } catch (error) {
    return { dataModel: null, problems: [messageOf(error)], warnings: [] };
  }
}
