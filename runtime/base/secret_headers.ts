const credentials = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
const telling = /api-?key|token|secret|passw|signature/;

/** Whether a header, its name in lower case, holds a secret by its nature or by its name. */
export function isSecretHeader(name: string): boolean {
  return credentials.includes(name) || telling.test(name);
}
