/** Headers about the connection, the framing of the body, or the request's own records. */
const serverHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-request-id",
  "x-trace-id",
]);

/** Whether a header of an answer, its name in lower case, is set by the server and by nobody else. */
export function isServerHeader(name: string): boolean {
  return serverHeaders.has(name) || name.startsWith("proxy-");
}
