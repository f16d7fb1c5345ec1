import type { FileFacts, Finding } from "./facts.ts";
import { findCycles, folderOf, judgeImport } from "./layers.ts";

const maxLines = 300;
const httpFolders = ["gateway", "admin", "console", "platform", "task"];
/** `packaging` holds scripts that Bun runs; they are no part of the program. */
const runtimeFolders = ["platform", "main", "packaging"];
const machinePath = /\/(?:work|root|home|Users|mnt)\/\w/;

/** Checks every rule and returns one line per violation: `path:line: what is wrong`. */
export function findViolations(files: readonly FileFacts[]): string[] {
  return [
    ...files.flatMap((file) => [...judgeFile(file)]),
    ...findCycles(files).map((cycle) => `import cycle: ${cycle}`),
  ];
}

function* judgeFile(file: FileFacts): Iterable<string> {
  const lines = file.text.trimEnd().split("\n");
  if (lines.length > maxLines) {
    yield `${file.path}: may have at most ${maxLines} lines: has ${lines.length}`;
  }
  for (const [index, line] of lines.entries()) {
    if (machinePath.test(line)) yield `${file.path}:${index + 1}: names a path of some machine`;
  }
  for (const specifier of file.imports) {
    const complaint = judgeImport(file, specifier);
    if (complaint !== undefined) yield `${file.path}: ${complaint}`;
  }
  for (const finding of file.findings) {
    const complaint = judgeFinding(finding, file.path);
    if (complaint !== undefined) yield `${file.path}:${finding.line}: ${complaint}`;
  }
}

function judgeFinding(finding: Finding, path: string): string | undefined {
  const folder = folderOf(path);
  switch (finding.kind) {
    case "reexport":
      return path === "mod.ts" ? undefined : "only mod.ts re-exports";
    case "default export":
      return "exports are named";
    case "enum":
      return "a union of strings, not an enum";
    case "any":
      return "`unknown` and a parse function, not `any`";
    case "module state":
      return "no mutable state at module level";
    case "computed import":
      return path === "runtime/task/load.ts" ? undefined : "only task/load.ts imports by a value";
    case "error message":
      return judgeMessage(finding.detail);
    case "global":
      return judgeGlobal(finding.detail, folder);
  }
}

function judgeMessage(message: string): string | undefined {
  if (!message.startsWith("Cannot ")) return `error messages start with "Cannot ": "${message}"`;
  if (message.endsWith(".")) return `error messages end without a period: "${message}"`;
  return undefined;
}

function judgeGlobal(name: string, folder: string): string | undefined {
  const isHttp = name === "Request" || name === "Response";
  const allowed = isHttp ? httpFolders : runtimeFolders;
  return allowed.includes(folder) ? undefined : `\`${name}\` may not appear in "${folder}"`;
}
