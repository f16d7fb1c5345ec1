import { taskNamePattern } from "../base/task_name.ts";

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
  const whole = dropFragment(url);
  const target = whole.slice(pathStart(whole));
  const queryStart = target.indexOf("?");
  const raw = queryStart < 0 ? target : target.slice(0, queryStart);
  const query = queryStart < 0 ? "" : target.slice(queryStart);
  const plain = toTask(raw);
  if (plain !== undefined) return { path: raw, query, task: plain };
  const path = resolve(raw);
  return { path, query, task: toTask(path) };
}

/** After scheme and authority, where the URL has them. */
function pathStart(url: string): number {
  if (url.startsWith("/")) return 0;
  const authority = url.indexOf("://") + 3;
  const start = url.indexOf("/", authority);
  const query = url.indexOf("?", authority);
  // The path may be left out, and a query hold slashes.
  if (query >= 0 && (start < 0 || query < start)) return query;
  return start < 0 ? url.length : start;
}

function dropFragment(target: string): string {
  const start = target.indexOf("#");
  return start < 0 ? target : target.slice(0, start);
}

/** The name of a task, when that is all the path says; nothing of it then needs resolving. */
function toTask(path: string): string | undefined {
  const name = path.startsWith("/") ? path.slice(1, path.endsWith("/") ? -1 : undefined) : "";
  return taskNamePattern.test(name) ? name : undefined;
}

/** Dot segments and backslashes are resolved by one implementation on every runtime. */
function resolve(path: string): string {
  return URL.parse(`http://host${path}`)?.pathname ?? path;
}
