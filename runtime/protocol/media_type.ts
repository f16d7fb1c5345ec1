/** A media type with the `+json` suffix, or JSON's own. RFC 9110 §8.3.1, RFC 6839 §3.1. */
const jsonPattern =
  /^\s*(?:application\/json|[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\+json)\s*(?:;|$)/i;

/** Whether a Content-Type is `application/json` or `…+json`, in any case, with any parameters. */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  return contentType === "application/json" || jsonPattern.test(contentType);
}
