import { resolve } from "node:path";
import { RuntimeError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import type { AttachmentStore } from "../../database/attachments.ts";
import type { Database } from "../../database/database.ts";
import type { DataModel } from "../../database/model/data_model.ts";
import type { Layout } from "../../database/model/layout.ts";
import { databaseDir } from "../../database/places.ts";
import { prepareDatabase } from "../../database/prepare.ts";
import { createSqliteDatabase } from "../../database/sqlite/sqlite_database.ts";
import { listDatabases, readStoredModel } from "../../database/tools/stored_model.ts";
import { defaultHostname, parseHostname } from "../../manifest/hostname.ts";
import { readManifest } from "../../manifest/read.ts";
import { defaultApp, requireApp } from "../apps.ts";
import type { CommandContext } from "../command.ts";

/** The database that an action works with. */
export interface Target extends AsyncDisposable {
  readonly hostname: string;
  readonly dir: string;
  readonly dataModel: DataModel;
  readonly database: Database;
  readonly attachments: AttachmentStore;
}

/**
 * Finds the database of `--deployment`, or without that flag the one of the app, as it was last
 * deployed. That of an app that never was is made of its schema.
 */
export async function openTarget(
  { flags, settings }: CommandContext,
  { isRestore }: { readonly isRestore: boolean },
): Promise<Target> {
  const { dataDir, environment } = settings;
  const given = flags["deployment"];
  if (given !== undefined) {
    const hostname = parseHostname(given);
    // What is there before a restore may be damaged, or nothing.
    const dataModel = isRestore ? { models: [] } : await readStoredModel(dataDir, hostname);
    return toTarget(databaseDir(dataDir, hostname), { hostname, dataModel });
  }
  const appDir = resolve(flags["app"] ?? defaultApp);
  await requireApp(appDir);
  const hostname = defaultHostname((await readManifest(appDir)).app, environment);
  if (isRestore) {
    return toTarget(databaseDir(dataDir, hostname), { hostname, dataModel: { models: [] } });
  }
  // Once it is there, only a deploy changes it: a command must not run ahead of the code.
  if ((await listDatabases(dataDir)).includes(hostname)) {
    const dataModel = await readStoredModel(dataDir, hostname);
    return toTarget(databaseDir(dataDir, hostname), { hostname, dataModel });
  }
  const place = { dir: appDir, sourceDir: appDir, dataDir, hostname };
  const { dir, dataModel } = await prepareDatabase(place);
  if (dataModel) return toTarget(dir, { hostname, dataModel });
  const message = `Cannot find "${appDir}/schema.xml": an app without one has no database`;
  throw new RuntimeError("bad_schema", message);
}

/**
 * The parts of a model that a person named.
 * @throws {RuntimeError} `bad_data` when there is none of that name.
 */
export function layoutOf({ database }: Target, model: string): Layout {
  if (database.hasModel(model)) return database.model(model).layout;
  const known = database.modelNames;
  const hint = didYouMean(model, known) || `: there are ${known.join(", ")}`;
  throw new RuntimeError("bad_data", `Cannot find the model "${model}"${hint}`);
}

function toTarget(
  dir: string,
  { hostname, dataModel }: { readonly hostname: string; readonly dataModel: DataModel },
): Target {
  const { database, attachments } = createSqliteDatabase({ dir, dataModel, isMade: false });
  return {
    ...{ hostname, dir, dataModel, database, attachments },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
