import { idPattern } from "../base/ids.ts";

/** An identifier as it is stored: bytes where it is one of ours, else the text a proxy gave. */
export function toStoredId(id: string): Uint8Array | string {
  return idPattern.test(id) ? Buffer.from(id, "hex") : id;
}

/** The identifier that was stored. */
export function readStoredId(stored: unknown): string {
  return stored instanceof Uint8Array ? Buffer.from(stored).toString("hex") : String(stored);
}
