import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeError } from "../base/errors.ts";
import { manifestName } from "../manifest/manifest.ts";

/** The app of a command that was given none. */
export const defaultApp = "./tasks";

/** Whether a folder has a manifest. */
export async function isApp(appDir: string): Promise<boolean> {
  return await stat(join(appDir, manifestName)).then(() => true, () => false);
}

/**
 * Requires that a folder has a manifest.
 * @throws {RuntimeError} `no_app` that says how to make one.
 */
export async function requireApp(appDir: string): Promise<void> {
  if (await isApp(appDir)) return;
  const fix = `make one with "webtaskd new hello ${appDir}"`;
  throw new RuntimeError("no_app", `Cannot find "${join(appDir, manifestName)}": ${fix}`);
}
