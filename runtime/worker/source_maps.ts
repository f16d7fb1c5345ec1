import { dirname, resolve } from "node:path";
import type { Platform, SourceMapReader } from "../platform/platform.ts";

const mark = "//# sourceMappingURL=";
const inlinePattern = /^data:application\/json[^,]*;base64,(.*)$/;
/** The largest map, and the largest file that may name one. */
const maxMapBytes = 16 * 2 ** 20;
/** Whatever lies beyond is read again each time. */
const maxKept = 16;

/** Where a place of a generated file comes from. */
export interface Origin {
  /** An absolute path, or what the map calls it where that is no path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The text of the source, where the map carries it. */
  readonly text: string | undefined;
}

/** What a source map has to say, apart from its mappings. */
interface MapFacts {
  readonly sources: readonly (string | null)[];
  readonly sourceRoot?: string;
  readonly sourcesContent?: readonly (string | null)[];
}

interface OpenMap {
  readonly reader: SourceMapReader;
  readonly dir: string;
  readonly facts: MapFacts;
}

/** How maps are read. */
export interface SourceMapsOptions extends Pick<Platform, "readText"> {
  openSourceMap(json: string): SourceMapReader;
}

/** The source maps that an author's build has left beside its files. */
export class SourceMaps {
  readonly #options: SourceMapsOptions;
  /** Of files without one, too: they are looked at once. */
  readonly #kept = new Map<string, OpenMap | undefined>();

  constructor(options: SourceMapsOptions) {
    this.#options = options;
  }

  /** Finds where a place of a file comes from; `undefined` when the file says nothing of it. */
  find(
    file: string,
    place: { readonly line: number; readonly column: number },
  ): Origin | undefined {
    const map = this.#mapOf(file);
    const entry = map?.reader.find(place.line - 1, place.column - 1);
    if (map === undefined || entry === undefined) return undefined;
    const { sources, sourcesContent, sourceRoot = "" } = map.facts;
    const content = sourcesContent?.[sources.indexOf(entry.source)];
    const source = /^[a-z][a-z+.-]+:/i.test(entry.source)
      ? entry.source
      : resolve(map.dir, sourceRoot, entry.source);
    return {
      file: source,
      line: entry.line + 1,
      column: entry.column + 1,
      text: content ?? undefined,
    };
  }

  #mapOf(file: string): OpenMap | undefined {
    if (this.#kept.has(file)) return this.#kept.get(file);
    const map = this.#read(file);
    if (this.#kept.size < maxKept) this.#kept.set(file, map);
    return map;
  }

  #read(file: string): OpenMap | undefined {
    const { readText, openSourceMap } = this.#options;
    const text = readText(file, maxMapBytes);
    const at = text?.lastIndexOf(mark) ?? -1;
    if (text === undefined || at < 0) return undefined;
    const [url = ""] = text.slice(at + mark.length).split(/\s/, 1);
    const [, inline] = inlinePattern.exec(url) ?? [];
    const mapFile = resolve(dirname(file), decodeURI(url));
    const json = inline === undefined
      ? readText(mapFile, maxMapBytes)
      : Buffer.from(inline, "base64").toString();
    if (json === undefined) return undefined;
    const dir = inline === undefined ? dirname(mapFile) : dirname(file);
    return { reader: openSourceMap(json), dir, facts: JSON.parse(json) };
  }
}
