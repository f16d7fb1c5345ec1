import { SourceMap } from "node:module";
import type { SourceMapReader } from "./platform.ts";

/** Opens a source map: Bun applies those it makes itself, and no others. */
export function openSourceMap(json: string): SourceMapReader {
  const map = new SourceMap(JSON.parse(json));
  return {
    find(line, column) {
      const entry = map.findEntry(line, column);
      if (!("originalSource" in entry) || entry.originalSource === undefined) return undefined;
      const { originalSource: source, originalLine, originalColumn } = entry;
      return { source, line: originalLine, column: originalColumn };
    },
  };
}
