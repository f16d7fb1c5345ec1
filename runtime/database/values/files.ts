import { bad, good, type Parsed } from "../../base/parsed.ts";
import { Attachment, type AttachmentFacts } from "./attachment.ts";
import type { SqlValue, ValueType } from "./value_type.ts";

const factsForm = '{ "id": …, "filename": … }';

/** A file; the database holds its ID and its name. */
export const attachmentType: ValueType = {
  storage: "text",
  comparing: "opaque",
  cast: parseAttachment,
  parameter: parseAttachment,
  read: (stored, { attachments }) => new Attachment(parseFacts(String(stored)), attachments),
  parseText: readJson,
  parseJson: (value, { attachments }) =>
    isFacts(value) ? good(new Attachment(value, attachments)) : bad(factsForm),
  typescript: () => ({ read: "Attachment", assign: "never" }),
};

/** Reads what the database holds of an attachment. */
export function parseFacts(stored: string): AttachmentFacts {
  const { id, filename }: Readonly<Record<string, unknown>> = JSON.parse(stored);
  return { id: String(id), filename: String(filename) };
}

function parseAttachment(value: unknown): Parsed<SqlValue> {
  if (!Attachment.isAttachment(value)) return bad("what Attachment.create() gives");
  return good(JSON.stringify({ id: value.id, filename: value.filename }));
}

function readJson(text: string): Parsed<unknown> {
  try {
    return good(JSON.parse(text));
  } catch {
    return bad(factsForm);
  }
}

function isFacts(value: unknown): value is AttachmentFacts {
  return typeof value === "object" && value !== null && "id" in value && "filename" in value &&
    typeof value.id === "string" && typeof value.filename === "string";
}
