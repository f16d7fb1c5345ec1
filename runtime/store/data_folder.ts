import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

const privateMode = 0o700;
const othersBits = 0o077;
/** What a server keeps in its folder; whatever else is there belongs to somebody else. */
const ownEntries = ["releases", "admin.sock", "traces"];

/**
 * Makes the folder for what is kept, or takes one that is there: for its owner alone, as a release
 * that somebody else could write to would run with the rights of the server.
 * @throws {RuntimeError} `file_failed` when it cannot be had that way.
 */
export async function openDataFolder(path: string, log: Log): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: privateMode });
    await requireOwn(path);
    if (((await stat(path)).mode & othersBits) === 0) return;
    await requireNothingElse(path);
    await chmod(path, privateMode);
    log.warn("data.tightened", {
      folder: path,
      note: "others could enter it: its mode is 0700 now",
    });
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    const message = `Cannot keep data in "${path}": ${messageOf(cause)}: give another --data`;
    throw new RuntimeError("file_failed", message, { cause });
  }
}

async function requireOwn(path: string): Promise<void> {
  const [{ uid: owner }, { uid, username }] = [await stat(path), userInfo()];
  if (owner === uid) return;
  throw new RuntimeError(
    "file_failed",
    `Cannot keep data in "${path}": user ${owner} owns it, and this is ${username} (${uid}): ` +
      "give another --data, or make it your own",
  );
}

/** A folder that others use, as `/tmp` or a project's own, must not be closed to them. */
async function requireNothingElse(path: string): Promise<void> {
  const other = (await readdir(path)).find((name) => !ownEntries.includes(name));
  if (other === undefined) return;
  throw new RuntimeError(
    "file_failed",
    `Cannot keep data in "${path}": others may enter it, and it has more in it, as "${other}": ` +
      "give --data a folder of its own, or set its mode to 0700",
  );
}
