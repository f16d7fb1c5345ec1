import type { Platform } from "../../runtime/platform/platform.ts";

/** A platform whose output is kept; whatever starts processes or listens is refused. */
export interface FakePlatform {
  readonly platform: Platform;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Creates a platform for one run of the command line. */
export function createFakePlatform(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): FakePlatform {
  const written = { stdout: "", stderr: "" };
  const refuse = (): never => {
    throw new Error("Cannot do this in a unit test");
  };
  const platform: Platform = {
    name: "bun",
    version: "0.0.0",
    os: "linux",
    pid: 1,
    args,
    env,
    cwd: "/",
    usage: refuse,
    rssBytes: refuse,
    isTerminal: () => false,
    terminalColumns: () => undefined,
    writeOut: (stream, text) => {
      written[stream] += text;
    },
    writeSome: (stream, bytes) => {
      written[stream] += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
    readStdin: () => Promise.resolve(""),
    exit: refuse,
    onSignal: refuse,
    selfCommand: refuse,
    spawn: refuse,
    listen: refuse,
    connect: refuse,
    serveHttp: refuse,
    mapShared: refuse,
    readText: refuse,
    openSourceMap: undefined,
    headerFields: refuse,
    lockFolder: refuse,
    dieWithParent: refuse,
    forbidInspection: refuse,
    onUncaught: refuse,
    keepFreedMemory: refuse,
    formatValues: refuse,
    dropPrivileges: refuse,
    stubModule: refuse,
  };
  return { platform, stdout: () => written.stdout, stderr: () => written.stderr };
}
