import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Platform } from "../platform/platform.ts";
import type { DataModel } from "./model/data_model.ts";
import { parseDataModel } from "./model/parse_data_model.ts";
import { openAndMigrate } from "./sqlite/open.ts";

/** A database, and what it is to be brought up to. */
export interface Migration {
  /** The folder of the database. */
  readonly dir: string;
  readonly dataModel: DataModel;
}

/** Why a migration did not happen. */
export interface MigrationFault {
  readonly code: "bad_schema" | "database_failed";
  readonly message: string;
}

/**
 * The migrator role: brings a database up to a data model in a process of its own, so that an index
 * over millions of rows holds nobody up but those who write. It says on standard output, as JSON in
 * one line, what went wrong. Ended in the middle, it has changed nothing.
 */
export async function runMigrator(platform: Platform): Promise<never> {
  platform.dieWithParent();
  // They reach the whole process group; only the gateway decides.
  platform.onSignal("SIGINT", () => {});
  platform.onSignal("SIGHUP", () => {});
  try {
    const connection = await openMigration(JSON.parse(await platform.readStdin()));
    connection.close();
  } catch (error) {
    const isSchema = error instanceof RuntimeError && error.code === "bad_schema";
    const code = isSchema ? "bad_schema" : "database_failed";
    const fault: MigrationFault = { code, message: messageOf(error) };
    await platform.writeSome("stdout", new TextEncoder().encode(`${JSON.stringify(fault)}\n`));
    platform.exit(1);
  }
  platform.exit(0);
}

function openMigration({ dir, dataModel }: { readonly dir: unknown; readonly dataModel: unknown }) {
  if (typeof dir === "string") return openAndMigrate(dir, parseDataModel(dataModel));
  throw new RuntimeError("bad_message", `Cannot migrate "${dir}": give the folder of a database`);
}
