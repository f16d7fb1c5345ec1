const ownUrl = new URL("..", import.meta.url);
/** How stacks name our own sources: from disk on Bun and Deno, and inside the executable. */
const ownPlaces = [decodeURIComponent(ownUrl.pathname), ownUrl.href, "/$bunfs/"];
/** The executable names the files it was built from; an author's `runtime/` has other folders. */
const embeddedPlace = /^runtime\/(?:main\.ts|(?:base|database|platform|protocol|task|worker)\/)/;
/** What the runtimes are made of, and what of theirs has no place. */
const runtimePlace = /^(?:node:|ext:|native\b|internal:|unknown\b|<anonymous>|index \d|:\d)/;
const frame = /^\s+at (?:async )?(.+)$/;
const named = /^[^(]* \((.*)\)$/;

/**
 * Leaves out the frames at the end of a stack that are ours or the runtime's: to an author they are
 * noise. What is between frames of the author stays.
 */
export function trimOwnFrames(stack: string): string {
  const lines = stack.trimEnd().split("\n");
  const last = lines.findLastIndex((line) => !isForeign(line));
  return lines.slice(0, last + 1).join("\n");
}

/** Whether a stack says where something happened. */
export function hasFrames(stack: string): boolean {
  return stack.split("\n").some((line) => frame.test(line));
}

/** Not the author's. */
function isForeign(line: string): boolean {
  const where = frame.exec(line)?.[1];
  if (where === undefined) return false;
  const place = named.exec(where)?.[1] ?? where;
  return runtimePlace.test(place) || embeddedPlace.test(place) ||
    ownPlaces.some((prefix) => place.startsWith(prefix));
}
