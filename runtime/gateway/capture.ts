import { isSecretHeader } from "../base/secret_headers.ts";
import type { CaptureSettings } from "../base/task_settings.ts";
import type { HeaderFields } from "../protocol/call.ts";
import type { CapturedRequest } from "../protocol/records.ts";
import { Redaction } from "./redaction.ts";

/** Text this short occurs everywhere, and is no secret. */
const leastSecretLength = 6;
const decoder = new TextDecoder();

/** What a request consists of that may be stored. */
export interface CaptureSource {
  readonly headers: HeaderFields;
  /** With its `?`. */
  readonly query: string;
  readonly body: Uint8Array | undefined;
}

/** Which values of the variables of tasks are never stored, wherever a request holds them. */
export function toSecrets(variables: Readonly<Record<string, string>>): readonly string[] {
  return [...new Set(Object.values(variables))]
    .filter((value) => value.length >= leastSecretLength);
}

/** Takes from a request what its task's `capture` allows to be stored, and says what is missing. */
export function captureRequest(
  { headers, query, body }: CaptureSource,
  settings: CaptureSettings,
  secrets: readonly string[],
): CapturedRequest {
  const redaction = new Redaction(settings.redact, secrets);
  return {
    headers: captureHeaders(headers, settings, redaction),
    query: redaction.query(query),
    contentType: captureContentType(headers, redaction),
    body: body && captureBody(body, settings, redaction),
    redacted: redaction.found,
  };
}

function captureHeaders(
  headers: HeaderFields,
  settings: CaptureSettings,
  redaction: Redaction,
): readonly (readonly [name: string, value: string])[] {
  const names = Object.keys(headers);
  for (const name of names) if (isSecretHeader(name)) redaction.leaveOut(`header:${name}`);
  const stored = names.filter((name) =>
    !isSecretHeader(name) && (settings.headers === true || settings.headers.includes(name))
  );
  return stored.map((name) =>
    [name, redaction.text(headers[name] ?? "", `header:${name}`)] as const
  );
}

function captureContentType(headers: HeaderFields, redaction: Redaction): string | undefined {
  const type = headers["content-type"];
  return type && redaction.text(type, "header:content-type");
}

function captureBody(
  body: Uint8Array,
  { hasBody, maxBodyBytes }: CaptureSettings,
  redaction: Redaction,
): string | undefined {
  const isStored = hasBody && body.length <= maxBodyBytes;
  const text = isStored ? toSafeText(decoder.decode(body), redaction) : undefined;
  if (text === undefined) redaction.leaveOut("body");
  return text;
}

/** `undefined` where nobody can tell whether it holds what is not to be stored. */
function toSafeText(text: string, redaction: Redaction): string | undefined {
  // Escapes hide secrets in JSON; without any, and without paths, the text can stay as it is.
  if (!redaction.hasPaths && !text.includes("\\")) {
    return redaction.text(text, "body:a masked value");
  }
  try {
    return JSON.stringify(redaction.json(JSON.parse(text)));
  } catch {
    // No JSON, or nested too deeply to be looked through: members cannot be told apart.
    return redaction.hasPaths ? undefined : redaction.text(text, "body:a masked value");
  }
}
