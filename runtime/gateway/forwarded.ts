/**
 * One `name=value` and the `;` behind it. RFC 7239 §4, but lenient where proxies are: blanks around
 * `;` and `,`, empty pairs, and values that should be quoted, as `host=a:8080`.
 */
const pairPattern =
  /([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))[\t ]*(?:;[\t ;]*|(?=,)|$)/;

/**
 * Reads the parameters of the first element of a `Forwarded` header, names in lower case; undefined
 * when there is none, or it is malformed and could be read in more than one way.
 */
export function parseForwarded(value = ""): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  const pair = new RegExp(pairPattern, "y");
  let at = value.search(/[^\t ,;]|$/);
  while (at < value.length && value[at] !== ",") {
    pair.lastIndex = at;
    const [whole, name = "", quoted, plain = ""] = pair.exec(value) ?? [];
    const key = name.toLowerCase();
    if (whole === undefined || parameters.has(key)) return undefined;
    parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain);
    at += whole.length;
  }
  return parameters.size === 0 ? undefined : parameters;
}
