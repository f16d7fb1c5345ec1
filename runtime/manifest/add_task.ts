import { RuntimeError } from "../base/errors.ts";
import { type JsonNode, parseJsonText, positionOf } from "./json_text.ts";

/**
 * Adds an entry to the text of a manifest and leaves the rest as its author wrote it; the text
 * stays as it is when the task has an entry.
 * @throws {RuntimeError} `bad_manifest` when the text is no JSON, or has no object to add it to.
 */
export function addTaskEntry(text: string, name: string): string {
  const tasks = findTasks(text);
  if (tasks.members.some(({ key }) => key === name)) return text;
  const entry = `${JSON.stringify(name)}: { "web": true }`;
  const last = tasks.members.at(-1);
  if (last === undefined) return replaceEmpty(text, { start: tasks.start, end: tasks.end, entry });
  const before = text.slice(tasks.start, last.start);
  const gap = before.includes("\n") ? lineBreak(text) + indentAt(text, last.start) : " ";
  return `${text.slice(0, last.value.end)},${gap}${entry}${text.slice(last.value.end)}`;
}

function findTasks(text: string): JsonNode & { kind: "object" } {
  const json = parseJsonText(text);
  if (json.kind === "broken") {
    const { line, column } = positionOf(text, json.offset);
    throw refused(`:${line}:${column}: ${json.fix}`);
  }
  const tasks = json.root.kind === "object"
    ? json.root.members.find(({ key }) => key === "tasks")?.value
    : undefined;
  if (tasks?.kind === "object") return tasks;
  throw refused(': add "tasks": {}');
}

function refused(why: string): RuntimeError {
  return new RuntimeError("bad_manifest", `Cannot add the task to cloudcode.json${why}`);
}

function replaceEmpty(
  text: string,
  { start, end, entry }: { readonly start: number; readonly end: number; readonly entry: string },
): string {
  const outer = indentAt(text, start);
  const newLine = lineBreak(text);
  const inner = `${newLine}${outer}${outer === "" ? "  " : outer}`;
  return `${text.slice(0, start)}{${inner}${entry}${newLine}${outer}}${text.slice(end)}`;
}

function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? "";
}

function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
