import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../base/errors.ts";
import { DatabaseError } from "./sql/errors.ts";
import { Attachment, type AttachmentBytes } from "./values/attachment.ts";
import { show } from "./values/show.ts";

/** The most bytes of an attachment. */
const maxAttachmentBytes = 64 * 2 ** 20;

/** Names of files in the folder: anything else there is not an attachment. */
export const attachmentIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const maxFilenameLength = 255;
const base64Pattern = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** The files of attachments, one each, beside the database. */
export class AttachmentStore implements AttachmentBytes {
  readonly #dir: string | undefined;

  /** Without a folder, as where tasks are only looked at, there is no reading and writing. */
  constructor(dir: string | undefined) {
    this.#dir = dir;
  }

  /**
   * Writes an attachment: it is there whole or not at all.
   * @throws {TypeError} when it is not told what to write.
   */
  async create(given: unknown): Promise<Attachment> {
    const { filename, bytes } = parseGiven(given);
    const id = crypto.randomUUID();
    const dir = this.#requireDir();
    const temporary = join(dir, `.${id}`);
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      try {
        await writeFile(temporary, bytes, { flag: "wx", flush: true, mode: 0o600 });
        await rename(temporary, join(dir, id));
      } finally {
        await rm(temporary, { force: true });
      }
    } catch (cause) {
      const code = Object(cause).code === "ENOSPC" ? "full" : "unavailable";
      const message = `Cannot write attachment "${filename}": ${messageOf(cause)}`;
      throw new DatabaseError(code, message, { cause });
    }
    return new Attachment({ id, filename }, this);
  }

  async read(id: string): Promise<Uint8Array> {
    const dir = this.#requireDir();
    try {
      if (!attachmentIdPattern.test(id)) throw new Error("Cannot be the ID of an attachment");
      return await readFile(join(dir, id));
    } catch (cause) {
      const message = `Cannot read attachment "${id}": ${messageOf(cause)}`;
      throw new DatabaseError("unavailable", message, { cause });
    }
  }

  #requireDir(): string {
    if (this.#dir !== undefined) return this.#dir;
    throw new DatabaseError("unavailable", "Cannot use attachments: there is no database here");
  }
}

function parseGiven(given: unknown): { readonly filename: string; readonly bytes: Uint8Array } {
  const { filename, ...contents }: Readonly<Record<string, unknown>> = Object(given);
  const isName = typeof filename === "string" && filename !== "" &&
    filename.length <= maxFilenameLength && !filename.includes("\0");
  if (!isName) throw refused(`give a filename of 1 to ${maxFilenameLength} characters`, filename);
  const bytes = parseContent(contents);
  if (bytes.length <= maxAttachmentBytes) return { filename: filename.toWellFormed(), bytes };
  throw refused(`it must have <= ${maxAttachmentBytes} bytes`, bytes.length);
}

function parseContent({ text, base64, data }: Readonly<Record<string, unknown>>): Uint8Array {
  const given = [text, base64, data].filter((content) => content !== undefined);
  if (given.length !== 1) throw refused("give one of text, base64 and data", given.length);
  if (typeof text === "string") return new TextEncoder().encode(text);
  if (typeof base64 === "string" && base64Pattern.test(base64)) {
    return Buffer.from(base64, "base64");
  }
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  throw refused("text and base64 are strings, data an ArrayBuffer or a view of one", given[0]);
}

function refused(fix: string, value: unknown): TypeError {
  return new TypeError(`Cannot create an attachment: ${fix}: got ${show(value)}`);
}
