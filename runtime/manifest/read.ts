import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RuntimeError } from "../base/errors.ts";
import { bad, good, type Parsed } from "../base/parsed.ts";
import { duplicateKeys, type JsonPath, parseJsonText, positionOf } from "./json_text.ts";
import { type Manifest, manifestName } from "./manifest.ts";
import { parseManifest } from "./parse.ts";
import { formatPath, formatProblems, formatValue, type ManifestProblem } from "./problems.ts";

const maxManifestBytes = 2 ** 20;

/** What became of a manifest: all of it, or everything that is wrong with it. */
export type ManifestResult =
  | { readonly kind: "read"; readonly manifest: Manifest }
  | { readonly kind: "refused"; readonly problems: readonly ManifestProblem[] };

/**
 * Reads the manifest of an app's folder; nothing of the app runs.
 * @throws {RuntimeError} `bad_manifest` with every problem, one a line.
 */
export async function readManifest(appDir: string): Promise<Manifest> {
  const result = await inspectManifest(appDir);
  if (result.kind === "read") return result.manifest;
  const list = formatProblems(result.problems);
  const separator = result.problems.length === 1 ? " " : "\n";
  throw new RuntimeError("bad_manifest", `Cannot read the manifest:${separator}${list}`);
}

/** Reads the manifest of an app's folder and collects every problem; never rejects. */
export async function inspectManifest(appDir: string): Promise<ManifestResult> {
  const file = join(appDir, manifestName);
  const problems: ManifestProblem[] = [];
  const report = (path: JsonPath, value: unknown, fix: string) => {
    const place = { file, position: undefined, path: formatPath(path) };
    problems.push({ ...place, value: formatValue(value), fix });
  };
  const text = await readText(file, appDir);
  if (text.kind === "bad") report([], undefined, text.fix);
  else {
    const json = parseJsonText(text.value);
    if (json.kind === "broken") {
      const position = positionOf(text.value, json.offset);
      problems.push({ file, position, path: "", value: undefined, fix: json.fix });
    } else {
      for (const path of duplicateKeys(json.root)) report(path, undefined, "keep one of the two");
      const manifest = await parseManifest(json.value, { appDir, file, report });
      if (manifest !== undefined && problems.length === 0) return { kind: "read", manifest };
    }
  }
  return { kind: "refused", problems };
}

async function readText(file: string, appDir: string): Promise<Parsed<string>> {
  try {
    const status = await stat(file);
    if (!status.isFile()) return bad("make it a file");
    if (status.size > maxManifestBytes) {
      return bad(`keep it within ${maxManifestBytes} bytes: got ${status.size}`);
    }
    const bytes = await readFile(file);
    return isUtf8(bytes) ? good(new TextDecoder().decode(bytes)) : bad("save it as UTF-8");
  } catch (error) {
    return bad(toFix(error, appDir));
  }
}

function toFix(error: unknown, appDir: string): string {
  switch (Object(error).code) {
    case "ENOENT":
      return `there is none: make one with "webtaskd new hello ${appDir}"`;
    case "ENOTDIR":
      return `give the app's folder: "${appDir}" is a file`;
    default:
      return `make it readable: ${messageOf(error)}`;
  }
}
