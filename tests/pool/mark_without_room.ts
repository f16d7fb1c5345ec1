/** A program that may write no byte to a file: tells what is left of a mark that it tries to make. */
import { existsSync, readdirSync } from "node:fs";
import { MarkFile } from "../../runtime/pool/mark_file.ts";

const [path = ""] = Bun.argv.slice(2);
const countHandles = () => readdirSync("/proc/self/fd").length;
const before = countHandles();
let thrown = "nothing";
try {
  new MarkFile(path);
} catch (error) {
  thrown = Object(error).code;
}
const left = { handles: countHandles() - before, file: existsSync(path) };
process.stdout.write(JSON.stringify({ thrown, left }));
