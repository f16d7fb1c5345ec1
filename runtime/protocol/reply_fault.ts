import type { Reply } from "./call.ts";
import { impossibleInValue } from "./header_value.ts";
import { isServerHeader } from "./server_headers.ts";

/** The types a task may answer with, which have a meaning to browsers; parameters may follow. */
const allowedType =
  /^(?:application\/json|text\/html|text\/plain)[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
/** The type of nearly every reply that is not JSON: comparing is quicker than matching. */
const usualType = "text/plain; charset=utf-8";
/** RFC 9110 §5.1; in lower case, as HTTP/2 wants it and look-ups here expect it. */
const nameToken = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const plainLength = /^\d{1,15}$/;
/** Answers that have no body. Source: Fetch Standard, "null body status". */
const emptyStatuses = [204, 205, 304];

/**
 * Says what of a reply cannot be sent, or is not for a task to say; undefined for a good one. Task
 * code shares the process that makes replies, so the gateway looks again before it passes one on.
 */
export function replyFault({ status, contentType, headers, body }: Reply): string | undefined {
  if (contentType === undefined) {
    if (body.length > 0) return "a body without a content type";
  } else if (contentType !== usualType && !allowedType.test(contentType)) {
    return `content type ${show(contentType)}`;
  }
  if (body.length > 0 && emptyStatuses.includes(status)) return `a body with status ${status}`;
  return headers && headersFault(headers, body.length > 0);
}

function headersFault(headers: NonNullable<Reply["headers"]>, hasBody: boolean) {
  for (const [name, value] of headers) {
    // The answer to HEAD tells the length of what GET would send.
    if (name === "content-length" && !hasBody && plainLength.test(value)) continue;
    if (!nameToken.test(name)) return `a header named ${show(name)}`;
    // The content type has a field of its own.
    if (isServerHeader(name) || name === "content-type") {
      return `header "${name}", which the server sets`;
    }
    const impossible = impossibleInValue.exec(value);
    if (impossible) return `${show(impossible[0])} in header "${name}"`;
  }
  return undefined;
}

const maxShownChars = 100;

/** Names and types of a hostile sender may be of any length. */
function show(text: string): string {
  return JSON.stringify(text.slice(0, maxShownChars));
}
