import type { TaskShape } from "../protocol/call.ts";

/** Whether a handler runs for a method: HEAD falls back to GET. */
export function isAllowed(shape: TaskShape, method: string): boolean {
  if (shape.kind === "broken") return false;
  const has = (name: string) => shape.methods.some((handled) => handled === name);
  return has(method) || (method === "HEAD" && has("GET"));
}

/** The value of `Allow`: what has a handler, and what is answered without one. */
export function allowedMethods(shape: TaskShape | undefined): readonly string[] {
  if (shape?.kind !== "loaded") return [];
  const methods = new Set<string>(shape.methods);
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")];
}
