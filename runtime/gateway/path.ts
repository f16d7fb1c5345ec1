/** A task's path and nothing else that would need resolving. */
const plainPattern = /^\/([A-Za-z][A-Za-z0-9_-]{0,63})\/?$/;

/** The path of a request and what it names. */
export interface RequestPath {
  /** Resolved, as `URL` does; starts with `/`. */
  readonly path: string;
  /** From `?` on; empty when there is none. */
  readonly query: string;
  /** The one segment of the path; undefined when it is not the name of a task. */
  readonly task: string | undefined;
}

/** Reads the path of a request's URL, in whatever form the runtime hands it over. */
export function readPath(url: string): RequestPath {
  const target = url.slice(pathStart(url));
  const queryStart = target.search(/[?#]/);
  const raw = queryStart < 0 ? target : target.slice(0, queryStart);
  const query = queryStart < 0 ? "" : dropFragment(target.slice(queryStart));
  const path = plainPattern.test(raw) ? raw : resolve(raw);
  return { path, query, task: plainPattern.exec(path)?.[1] };
}

/** After scheme and authority, where the URL has them. */
function pathStart(url: string): number {
  if (url.startsWith("/")) return 0;
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? url.length : start;
}

function dropFragment(query: string): string {
  const start = query.indexOf("#");
  return start < 0 ? query : query.slice(0, start);
}

/** Dot segments and backslashes are resolved by one implementation on every runtime. */
function resolve(path: string): string {
  return URL.parse(`http://host${path}`)?.pathname ?? path;
}
