import type { Reply } from "../protocol/call.ts";
import { automaticType, toBodyText } from "./body_text.ts";
import { IllegalResponse } from "./illegal_response.ts";
import { createDraft, type Draft } from "./response.ts";
import { readWebResponse } from "./web_response.ts";

/** What stands for a `response` that the author never asked for. */
const silentDraft = Object.freeze(createDraft());

/** What an answer is made of besides what the handler returned. */
interface ReplyParts {
  readonly draft: Draft | undefined;
  readonly scope: { signal(): AbortSignal };
}

/** Statuses of answers that have no body. Source: Fetch Standard, "null body status". */
const emptyStatuses = [204, 205, 304];

/**
 * Makes the answer of what a handler returned and of what it told `response`.
 * @throws {IllegalResponse} for an answer that cannot be sent.
 */
export function toReply(returned: unknown, parts: ReplyParts): Reply | Promise<Reply> {
  const { draft = silentDraft, scope } = parts;
  const body = returned === undefined ? draft.body : returned;
  if (body instanceof Response) {
    return toWebReply(body, scope.signal());
  }
  const { status, contentType, headers } = draft;
  return checkEmptyStatus({
    status,
    contentType: contentType ?? (body === undefined ? undefined : automaticType(body)),
    headers: headers.length === 0 ? undefined : headers,
    body: body === undefined ? "" : toBodyText(body),
  });
}

async function toWebReply(response: Response, signal: AbortSignal): Promise<Reply> {
  return checkEmptyStatus(await readWebResponse(response, signal));
}

function checkEmptyStatus(reply: Reply): Reply {
  if (!emptyStatuses.includes(reply.status)) return reply;
  if (reply.body === "") return { ...reply, contentType: undefined };
  throw new IllegalResponse(
    `Cannot answer ${reply.status} with a body: return undefined, or use another status`,
  );
}
