const ownUrl = new URL("..", import.meta.url);
/** How stacks name our own sources: from disk on Bun and Deno, and inside the executable. */
const ownPlaces = [decodeURIComponent(ownUrl.pathname), ownUrl.href, "/$bunfs/", "runtime/"];
const runtimePlaces = ["node:", "ext:", "native", "internal:"];
const frame = /^\s+at (?:async )?(?:.* \()?(.*?)\)?$/;

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
  const place = frame.exec(line)?.[1];
  return place !== undefined &&
    [...ownPlaces, ...runtimePlaces].some((prefix) => place.startsWith(prefix));
}
