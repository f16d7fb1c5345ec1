import { isJsonType } from "../protocol/media_type.ts";

/** What `fetch` says of a string; parameters do not matter. */
const plainPattern = /^\s*text\/plain\s*(?:;|$)/i;

/** Whether a body of this Content-Type is let in; no type is, for clients that send none. */
export function isAcceptedMediaType(contentType: string | undefined): boolean {
  return contentType === undefined || contentType === "" || isJsonType(contentType) ||
    plainPattern.test(contentType);
}
