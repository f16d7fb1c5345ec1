import { dirname, isAbsolute, join, relative } from "node:path";
import type { Platform } from "../platform/platform.ts";
import { toExcerpt } from "./excerpt.ts";
import type { Origin, SourceMaps } from "./source_maps.ts";
import { formatFrame, parseFrame, type StackFrame } from "./stack_frame.ts";

/** What is larger than this was not written by hand. */
const maxSourceBytes = 2 ** 20;

/** What a stack is explained with. */
export interface AuthorStackOptions extends Pick<Platform, "readText"> {
  /** The release's folder, as runtimes name modules. */
  readonly dir: string;
  /** The author's folder. */
  readonly sourceDir: string;
  /** `undefined` where the runtime applies source maps itself. */
  readonly maps: SourceMaps | undefined;
}

/** A frame as its author knows it, and the text of its file. */
interface Place {
  readonly frame: StackFrame;
  readonly readText: () => string | undefined;
}

/**
 * Has a stack name the files an author wrote, not those a build made of them, and shows the line
 * where it happened below the error's message.
 */
export function toAuthorStack(stack: string, options: AuthorStackOptions): string {
  const lines = stack.split("\n").map((line) => ({ line, place: toPlace(line, options) }));
  const first = lines.findIndex(({ line }) => parseFrame(line) !== undefined);
  if (first < 0) return stack;
  const failed = lines.slice(first).find(({ place }) => place !== undefined);
  const text = failed?.place?.readText();
  const excerpt = failed?.place && text ? toExcerpt(text, failed.place.frame) : [];
  const written = lines.map(({ line, place }) => place ? formatFrame(place.frame) : line);
  return [...written.slice(0, first), ...excerpt, ...written.slice(first)].join("\n");
}

/** Of frames elsewhere, as in the runtime or in packages, there is nothing to say. */
function toPlace(line: string, options: AuthorStackOptions): Place | undefined {
  const frame = parseFrame(line);
  if (frame === undefined) return undefined;
  const file = toPath(frame.file);
  if (file === undefined) return undefined;
  const inside = relative(options.dir, file);
  if (inside.split("/").includes("node_modules")) return undefined;
  if (inside.startsWith("..")) return toOutsidePlace(frame, inside, options);
  const origin = options.maps?.find(file, frame);
  if (origin === undefined) {
    return {
      frame,
      readText: () => options.readText(file, maxSourceBytes),
    };
  }
  return toOriginPlace(frame, origin, options);
}

/** A runtime that applied a map which leads out of the app: to the folder beside the author's. */
function toOutsidePlace(
  frame: StackFrame,
  inside: string,
  options: AuthorStackOptions,
): Place | undefined {
  const isBeside = inside.startsWith("../") && !inside.startsWith("../..");
  if (!isBeside) return undefined;
  const file = join(options.sourceDir, inside);
  return { frame: { ...frame, file }, readText: () => readOutside(file, options) };
}

function toOriginPlace(
  frame: StackFrame,
  { file, line, column, text }: Origin,
  options: AuthorStackOptions,
): Place {
  const { dir, sourceDir } = options;
  // Sources lie where the author keeps them, which may be outside of what is released.
  const isBeside = file.startsWith(`${dirname(dir)}/`) && !file.startsWith(`${dir}/`);
  const named = isBeside ? join(sourceDir, relative(dir, file)) : file;
  return {
    frame: { ...frame, file: named, line, column },
    readText: () => text ?? readOutside(named, options),
  };
}

/** A relative path starts where the server was started, which is not here. */
function readOutside(file: string, { readText }: AuthorStackOptions): string | undefined {
  return isAbsolute(file) ? readText(file, maxSourceBytes) : undefined;
}

/** Modules of the runtime itself, as `node:fs`, have no path. */
function toPath(file: string): string | undefined {
  const path = file.startsWith("file://") ? decodeURI(file.slice("file://".length)) : file;
  return isAbsolute(path) ? path : undefined;
}
