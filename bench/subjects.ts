import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Misuse } from "./options.ts";

/** A server that the bench measures. */
export interface Subject {
  readonly name: string;
  /** `base`: the limit of a runtime; `webtaskd`: must meet the goals; `peer`: for comparison. */
  readonly kind: "base" | "webtaskd" | "peer";
  /** The subject whose numbers the ratios of this one refer to. */
  readonly base: string;
  /** The path of what must exist for it to run, and how to get it. */
  readonly needs: { readonly path: string; readonly remedy: string } | undefined;
  readonly path: string;
  /** The command that serves on a port of the loopback address, with a folder for its data. */
  command(port: number, dataFolder: string): readonly string[];
}

/** The subject that peers and webtaskd on Bun refer to. */
export const bareBun = "bun-bare";

/** The subject that webtaskd on Deno refers to. */
export const bareDeno = "deno-bare";

/** The peer that webtaskd has to outrun. */
export const workerd = "workerd";

/** The host name of the deployment that webtaskd serves; the others ignore it. */
export const host = "bench-testing.localhost";

const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const bun = inRoot("node_modules/.bin/bun");
const deno = inRoot("node_modules/.bin/deno");
const executable = inRoot("dist/webtaskd");
const main = inRoot("runtime/main.ts");

/** Returns the subjects in the order in which a round measures them, bases first. */
export function createSubjects(): readonly Subject[] {
  return [
    bare(bareBun, { command: (port) => [bun, fixture("bare_bun.js"), `${port}`] }),
    ...webtaskd("webtaskd-bun", { program: [bun, main] }),
    ...webtaskd("webtaskd-executable", {
      program: [executable],
      needs: { path: executable, remedy: "npm run build" },
    }),
    bare(bareDeno, {
      command: (port) => [deno, "run", "-A", fixture("bare_deno.js"), `${port}`],
      needs: { path: deno, remedy: "npm install" },
    }),
    ...webtaskd("webtaskd-deno", {
      program: [deno, "run", "-A", "--no-prompt", main],
      base: bareDeno,
      needs: { path: deno, remedy: "npm install" },
    }),
    peer(workerd, { command: workerdCommand, needs: peerPackage("workerd") }),
    peer("functions-framework", {
      command: (port) => ["node", inRoot("bench/peers/functions.js"), `${port}`],
      needs: peerPackage("@google-cloud/functions-framework"),
    }),
  ];
}

/**
 * Picks subjects by name, together with the bases they refer to.
 * @throws {Misuse} when a name is unknown.
 */
export function selectSubjects(
  all: readonly Subject[],
  names: readonly string[] | undefined,
): readonly Subject[] {
  if (names === undefined) return all;
  const known = new Map(all.map((subject) => [subject.name, subject]));
  const wanted = new Set<string>();
  for (const name of names) {
    const subject = known.get(name);
    if (!subject) {
      throw new Misuse(`Cannot measure "${name}": use ${[...known.keys()].join(", ")}`);
    }
    wanted.add(subject.base).add(name);
  }
  return all.filter((subject) => wanted.has(subject.name));
}

/** Says why a subject cannot run here; `undefined` when it can. */
export function missingPart({ needs }: Subject): string | undefined {
  if (!needs || existsSync(needs.path)) return undefined;
  return `${needs.path} does not exist: ${needs.remedy}`;
}

type SubjectParts = Partial<Pick<Subject, "base" | "needs">>;

function bare(name: string, parts: SubjectParts & Pick<Subject, "command">): Subject {
  return { name, kind: "base", base: name, needs: undefined, path: "/", ...parts };
}

function peer(name: string, parts: SubjectParts & Pick<Subject, "command">): Subject {
  return { name, kind: "peer", base: bareBun, needs: undefined, path: "/", ...parts };
}

/** As it is started by default, and without the traces it then keeps. */
function webtaskd(
  name: string,
  { program, base = bareBun, needs }: SubjectParts & { program: readonly string[] },
): readonly Subject[] {
  const start = (name: string, flags: readonly string[]): Subject => ({
    name,
    kind: "webtaskd",
    base,
    needs,
    path: "/hello",
    command: (port, dataFolder) => [
      ...[...program, "serve", fixture("app"), ...flags],
      ...["--port", `${port}`, "--data", dataFolder],
    ],
  });
  return [start(name, []), start(`${name}-no-traces`, ["--traces=off"])];
}

function workerdCommand(port: number): readonly string[] {
  const address = `--socket-addr=http=127.0.0.1:${port}`;
  return [
    inRoot("bench/peers/node_modules/.bin/workerd"),
    "serve",
    inRoot("bench/peers/workerd.capnp"),
    address,
  ];
}

function fixture(name: string): string {
  return inRoot(`bench/fixtures/${name}`);
}

function peerPackage(name: string) {
  return {
    path: inRoot(`bench/peers/node_modules/${name}`),
    remedy: "npm install --prefix bench/peers",
  };
}
