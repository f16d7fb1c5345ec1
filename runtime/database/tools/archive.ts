import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { messageOf, RuntimeError } from "../../base/errors.ts";
import { attachmentIdPattern } from "../attachments.ts";

/** A backup is this line, the SHA-256 and the size of the list of files, that list, and their bytes. */
const firstLine = "webtaskd backup 1\n";
const sumPattern = /^([0-9a-f]{64}) (\d{1,8})\n$/;
const maxLineBytes = 100;
const maxListBytes = 64 * 2 ** 20;
const chunkBytes = 2 ** 20;
const newline = 10;

/** The name of the database among the files of a backup. */
export const databaseEntry = "database.sqlite";

/** A file of a backup. */
export interface ArchiveEntry {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** What a backup holds. */
export interface ArchiveList {
  readonly hostname: string;
  readonly createdAt: string;
  readonly files: readonly ArchiveEntry[];
}

/** Told how many bytes have been dealt with, of how many. */
export type Progress = (done: number, total: number) => void;

/** Hashes a file. */
export async function hashFile(path: string): Promise<Omit<ArchiveEntry, "name">> {
  const hash = createHash("sha256");
  let size = 0;
  await using file = await open(path);
  for await (const chunk of chunksOf(file, Infinity)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

/** Writes the beginning of a backup; the bytes of its files follow in their order. */
export async function writeHead(file: FileHandle, list: ArchiveList): Promise<void> {
  const json = `${JSON.stringify(list)}\n`;
  const bytes = new TextEncoder().encode(json);
  const head = new TextEncoder().encode(`${firstLine}${digest(bytes)} ${bytes.length}\n`);
  await writeAll(file, Buffer.concat([head, bytes]));
}

/**
 * Reads the beginning of a backup, and leaves the file at the bytes of the first entry.
 * @throws {RuntimeError} `bad_data` when it is no backup, or was changed.
 */
export async function readHead(file: FileHandle, name: string): Promise<ArchiveList> {
  const first = await readLine(file);
  const [, sum, size] = sumPattern.exec(await readLine(file)) ?? [];
  if (first !== firstLine || sum === undefined) throw damaged(name, "it is no backup");
  if (Number(size) > maxListBytes) throw damaged(name, "its list of files is too long");
  const chunks = await Array.fromAsync(chunksOf(file, Number(size)));
  const json = Buffer.concat(chunks);
  if (digest(json) !== sum) throw damaged(name, "its list of files was changed");
  return parseList(json.toString(), name);
}

/** Copies the bytes of one entry, and tells whether they are those that were written. */
export async function copyEntry(
  { from, to }: { readonly from: FileHandle; readonly to: FileHandle },
  { size, onBytes }: { readonly size: number; readonly onBytes: (count: number) => void },
): Promise<string> {
  const hash: Hash = createHash("sha256");
  for await (const chunk of chunksOf(from, size)) {
    hash.update(chunk);
    await writeAll(to, chunk);
    onBytes(chunk.length);
  }
  return hash.digest("hex");
}

/** The error of a backup that cannot be used. */
export function damaged(name: string, reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError("bad_data", `Cannot restore "${name}": ${reason}`, { cause });
}

async function* chunksOf(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  while (left > 0) {
    const buffer = new Uint8Array(Math.min(chunkBytes, left));
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Byte for byte: what follows the line must stay in the file. */
async function readLine(file: FileHandle): Promise<string> {
  const line: number[] = [];
  const next = new Uint8Array(1);
  while (line.length < maxLineBytes && line.at(-1) !== newline) {
    const { bytesRead } = await file.read(next, 0, 1);
    if (bytesRead === 0) break;
    line.push(next[0] ?? newline);
  }
  return String.fromCharCode(...line);
}

/** A write may take a part of what it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
}

function parseList(json: string, name: string): ArchiveList {
  try {
    const { hostname, createdAt, files }: Readonly<Record<string, unknown>> = JSON.parse(json);
    const entries: readonly unknown[] = Array.isArray(files) ? files : [];
    return {
      hostname: String(hostname),
      createdAt: String(createdAt),
      files: entries.map((entry) => parseEntry(entry)),
    };
  } catch (cause) {
    throw damaged(name, `its list of files cannot be read: ${messageOf(cause)}`, cause);
  }
}

/** Names decide where files are written: only the two kinds there are pass. */
function parseEntry(entry: unknown): ArchiveEntry {
  const { name, size, sha256 }: Readonly<Record<string, unknown>> = Object(entry);
  const isKnown = name === databaseEntry ||
    (typeof name === "string" && name.startsWith("attachments/") &&
      attachmentIdPattern.test(name.slice("attachments/".length)));
  const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  if (typeof name !== "string" || !isKnown || !isSize || typeof sha256 !== "string") {
    throw new Error("Cannot take an entry as it is none of a database");
  }
  return { name, size, sha256 };
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
