import type { TaskShape } from "../protocol/call.ts";

/** Whether a handler runs for a method: HEAD falls back to GET. */
export function isAllowed(shape: TaskShape, method: string): boolean {
  if (shape.kind === "broken") return false;
  const methods: readonly string[] = shape.methods;
  return methods.includes(method) || (method === "HEAD" && methods.includes("GET"));
}

/** The value of `Allow`: what has a handler, and what is answered without one. */
export function allowedMethods(shape: TaskShape | undefined): readonly string[] {
  if (shape?.kind !== "loaded") return [];
  const methods = new Set<string>(shape.methods);
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")];
}
