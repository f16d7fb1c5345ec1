/**
 * A program for both runtimes: listens, uses up its file handles, and lets go of them when it is told
 * to, which it is once somebody has connected.
 */
import { closeSync, openSync } from "node:fs";
import { platform } from "#platform";

const [path = ""] = platform.args;
await platform.listen(path, (connection) => {
  connection.write(Buffer.from("welcome"));
  return { onData() {}, onClose() {} };
});
// Reading its input might need a handle; a signal needs none.
platform.onSignal("SIGHUP", () => {
  for (const file of taken) closeSync(file);
});
const taken = takeAll();
platform.writeOut("stdout", "no handle left\n");

function takeAll(): number[] {
  const files: number[] = [];
  for (;;) {
    try {
      files.push(openSync("/dev/null", "r"));
    } catch {
      // That was the last one.
      return files;
    }
  }
}
