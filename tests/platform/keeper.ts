/** Has its runtime keep freed memory, and tells what it then is: a JSON object. */
import { platform } from "#platform";

platform.keepFreedMemory();
const { pid, args, env } = platform;
const allocator = Object.entries(env).filter(([name]) => name.startsWith("MIMALLOC_"));
platform.writeOut(
  "stdout",
  JSON.stringify({ pid, args, allocator: Object.fromEntries(allocator) }),
);
