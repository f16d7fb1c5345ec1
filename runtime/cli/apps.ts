import { stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RuntimeError } from "../base/errors.ts";
import { manifestName } from "../manifest/manifest.ts";

/** The app of a command that was given none. */
export const defaultApp = "./tasks";

/** Whether a folder has a manifest. */
export async function isApp(appDir: string): Promise<boolean> {
  return await stat(join(appDir, manifestName)).then(() => true, () => false);
}

/**
 * Requires that a folder has a manifest.
 * @throws {RuntimeError} `no_app` that says how to make one, or why it is out of reach.
 */
export async function requireApp(appDir: string): Promise<void> {
  try {
    await stat(join(appDir, manifestName));
  } catch (cause) {
    throw new RuntimeError("no_app", toMessage(appDir, cause), { cause });
  }
}

function toMessage(appDir: string, cause: unknown): string {
  const file = `"${join(appDir, manifestName)}"`;
  switch (Object(cause).code) {
    case "ENOENT":
      return `Cannot find ${file}: make one with "webtaskd new hello ${appDir}"`;
    case "ENOTDIR":
      return `Cannot find ${file}: "${appDir}" is a file: give the app's folder`;
    default:
      return `Cannot read ${file}: ${messageOf(cause)}`;
  }
}
