import { asCount, asRecord, asText, parseJson } from "./fields.ts";
import type { BootMessage, DatabaseFacts } from "./messages.ts";

/**
 * Reads what the gateway wrote to a worker's standard input.
 * @throws {RuntimeError} `bad_message` when it is not that.
 */
export function parseBootMessage(text: string): BootMessage {
  const boot = asRecord(parseJson(text), "boot");
  const { gatewayPid, socket, token, dir, sourceDir, tasks, markFile, deployment, database } = boot;
  const { processConcurrency } = boot;
  const { hostname, environment, app } = asRecord(deployment, "boot.deployment");
  return {
    gatewayPid: asCount(gatewayPid, "boot.gatewayPid"),
    socket: asText(socket, "boot.socket"),
    token: asText(token, "boot.token"),
    dir: asText(dir, "boot.dir"),
    sourceDir: asText(sourceDir, "boot.sourceDir"),
    tasks: Object.fromEntries(
      Object.entries(asRecord(tasks, "boot.tasks")).map((
        [name, file],
      ) => [name, asText(file, name)]),
    ),
    markFile: asText(markFile, "boot.markFile"),
    processConcurrency: asCount(processConcurrency, "boot.processConcurrency"),
    deployment: {
      hostname: asText(hostname, "boot.deployment.hostname"),
      environment: asText(environment, "boot.deployment.environment"),
      app: asText(app, "boot.deployment.app"),
    },
    database: database === undefined ? undefined : parseDatabaseFacts(database),
  };
}

function parseDatabaseFacts(database: unknown): DatabaseFacts {
  const { dir, dataModel = null } = asRecord(database, "boot.database");
  return { dir: dir === null ? null : asText(dir, "boot.database.dir"), dataModel };
}
