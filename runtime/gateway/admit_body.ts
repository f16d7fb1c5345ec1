import type { Clock } from "../base/clock.ts";
import { countOf } from "../base/count_of.ts";
import { Unreachable } from "../base/errors.ts";
import { announcedBytes, type BodyNotice, type BodyResult, readBody } from "./body.ts";
import type { BodyMemory } from "./body_memory.ts";
import type { Exchange } from "./exchange.ts";
import { isAcceptedMediaType } from "./media_type.ts";
import { type Rejection, unavailable } from "./reply.ts";

/** For a client whose body found no room: by then others are through. */
const retryAfterMs = 1_000;

/** What is left of a body would be read as the next request. */
const close = { connection: "close" };

/** Under which terms a body is let in. */
export interface BodyTerms {
  readonly notice: Exclude<BodyNotice, "none">;
  readonly maxBytes: number;
  readonly bodies: BodyMemory;
  readonly clock: Clock;
}

/** A body that has been let in; undefined where there turned out to be none. */
export interface AdmittedBody {
  readonly body: Uint8Array | undefined;
}

/** Reads the body of a request, or says why it is turned down; as early as can be told. */
export async function admitBody(
  exchange: Exchange,
  terms: BodyTerms,
): Promise<Rejection | AdmittedBody> {
  const { notice, bodies, clock } = terms;
  const { headers } = exchange;
  const bytes = announcedBytes(headers);
  if (bytes === undefined) return doubtful;
  const isAccepted = isAcceptedMediaType(headers["content-type"]);
  if (!isAccepted && notice === "announced") return wrongType;
  if (bytes > terms.maxBytes) return tooLarge(terms.maxBytes);
  if (!bodies.hasRoomFor(bytes)) return noMemory(bodies.limitBytes);
  // Of a type that is not let in, no body at all is.
  const maxBytes = isAccepted ? terms.maxBytes : 0;
  const result = await readBody(exchange.request, { maxBytes, held: exchange.hold(bodies), clock });
  if (!isAccepted && result.kind === "too-large") return wrongType;
  return toAdmitted(result, terms);
}

function toAdmitted(result: BodyResult, terms: BodyTerms): Rejection | AdmittedBody {
  const { notice, maxBytes, bodies } = terms;
  switch (result.kind) {
    case "read": {
      const isNone = notice === "possible" && result.body?.length === 0;
      return { body: isNone ? undefined : result.body };
    }
    case "too-large":
      return tooLarge(maxBytes);
    case "no-memory":
      return noMemory(bodies.limitBytes);
    case "not-utf8":
      return { status: 400, reason: "the body is not UTF-8" };
    case "too-slow":
      return { status: 408, reason: "the body did not arrive in time", headers: close };
    case "aborted":
      return { status: 400, reason: "the client broke off its body" };
    default:
      throw new Unreachable(result);
  }
}

const doubtful: Rejection = {
  status: 400,
  reason: "the length of the body is in doubt",
  headers: close,
};

const wrongType: Rejection = { status: 415, reason: "the body is not JSON or plain text" };

function tooLarge(limitBytes: number): Rejection {
  return { status: 413, reason: `the body is over ${countOf(limitBytes, "byte")}`, headers: close };
}

function noMemory(limitBytes: number): Rejection {
  const reason = `the bodies of all requests together would be over ${countOf(limitBytes, "byte")}`;
  const { headers, ...rejection } = unavailable(reason, retryAfterMs);
  return { ...rejection, headers: { ...headers, ...close } };
}
