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

/** What a migrator is told. */
export interface MigrationOrder extends Migration {
  /** The process it is not to outlive. */
  readonly gatewayPid: number;
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
  const order: unknown = JSON.parse(await platform.readStdin());
  const { gatewayPid, dir, dataModel } = asOrder(order);
  platform.dieWithParent(gatewayPid);
  // They reach the whole process group; only the gateway decides.
  platform.onSignal("SIGINT", () => {});
  platform.onSignal("SIGHUP", () => {});
  try {
    const connection = await openAndMigrate(dir, parseDataModel(dataModel));
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

function asOrder(order: unknown) {
  const isOrder = typeof order === "object" && order !== null && "gatewayPid" in order &&
    typeof order.gatewayPid === "number" && "dir" in order && typeof order.dir === "string" &&
    "dataModel" in order;
  if (!isOrder) {
    throw new RuntimeError("bad_message", "Cannot migrate: bad order on standard input");
  }
  const { gatewayPid, dir, dataModel } = order;
  return { gatewayPid: Number(gatewayPid), dir: String(dir), dataModel };
}
