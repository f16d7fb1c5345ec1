import { IllegalResponse } from "./illegal_response.ts";

const allowedTypes = ["application/json", "text/html", "text/plain"];
const token = "[\\w!#$%&'*+.^`|~-]+";
const quoted = '"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f\\u0100-\\uffff]|\\\\[\\t -~])*"';
// RFC 9110 §5.6.6 and §8.3.1. Blanks have one place each: matching stays linear.
const mediaType = new RegExp(
  `^(${token}/${token})[\\t ]*(?:;[\\t ]*(?:${token}=(?:${token}|${quoted})[\\t ]*)?)*$`,
);
const charsetParameter = /;[\t ]*charset="?([^;"\t ]*)/gi;

/**
 * Checks the type of an answer and completes it: a text type says that its charset is UTF-8.
 * @throws {IllegalResponse} for a type other than JSON, HTML and plain text, or another charset.
 */
export function parseContentType(value: unknown): string {
  // A line break is no blank to be trimmed: in a header it starts another one.
  const type = typeof value === "string" && !/[\r\n]/.test(value) ? value.trim() : "";
  const essence = mediaType.exec(type)?.[1]?.toLowerCase();
  if (essence === undefined || !allowedTypes.includes(essence)) {
    const got = typeof value === "string" ? JSON.stringify(value) : typeof value;
    throw new IllegalResponse(
      `Cannot answer with this content type as it must be ${allowedTypes.join(", ")}: got ${got}`,
    );
  }
  return withCharset(type, essence);
}

function withCharset(type: string, essence: string): string {
  const charsets = [...type.matchAll(charsetParameter)].map(([, charset = ""]) => charset);
  const foreign = charsets.find((charset) => !/^utf-?8$/i.test(charset));
  if (foreign !== undefined) {
    throw new IllegalResponse(
      `Cannot answer in this charset as a body is always UTF-8: got ${JSON.stringify(foreign)}`,
    );
  }
  const isComplete = charsets.length > 0 || !essence.startsWith("text/");
  return isComplete ? type : `${type.replace(/[;\t ]+$/, "")}; charset=utf-8`;
}
