/** `application/json`, `text/plain`, or any type with the `+json` suffix; parameters do not matter. */
const acceptedPattern =
  /^\s*(?:application\/json|text\/plain|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)\s*(?:;|$)/i;

/** Whether a body of this Content-Type is let in; no type is, for clients that send none. */
export function isAcceptedMediaType(contentType: string | undefined): boolean {
  return contentType === undefined || contentType === "" || acceptedPattern.test(contentType);
}
