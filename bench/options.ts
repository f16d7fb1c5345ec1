import { parseArgs } from "node:util";

/** The command line makes no sense; the message says why. */
export class Misuse extends Error {
  override readonly name = "Misuse";
}

/** How a run of the bench is set up. */
export interface BenchOptions {
  readonly rounds: number;
  /** Length of one measurement at 64 connections. */
  readonly seconds: number;
  /** Names of the subjects to measure; `undefined` for all. */
  readonly only: readonly string[] | undefined;
  readonly json: boolean;
}

/** What `--help` prints. */
export const usage = `npm run bench -- [--rounds N] [--seconds N] [--only NAME,…] [--json]

  --rounds N    how often every subject is measured (5)
  --seconds N   length of one measurement at 64 connections (4)
  --only NAME   measure these subjects and their bases, separated by commas
  --json        print the result as JSON

Exit code: 0 when every goal was met, 1 when one was missed or a subject failed, 2 for misuse.
`;

const maxRounds = 100;
const maxSeconds = 60;

/**
 * Reads the command line of the bench; `undefined` when it asks for help.
 * @throws {Misuse} when an argument makes no sense.
 */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { rounds, seconds, only, json, help } = parseFlags(args);
  if (help) return undefined;
  return {
    rounds: parseCount("--rounds", { text: rounds, max: maxRounds }),
    seconds: parseCount("--seconds", { text: seconds, max: maxSeconds }),
    only: only?.split(","),
    json,
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "5" },
        seconds: { type: "string", default: "4" },
        only: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Misuse(`Cannot read the command line: ${error}`, { cause: error });
  }
}

function parseCount(flag: string, { text, max }: { text: string; max: number }): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new Misuse(`Cannot use ${flag} as it must be a whole number from 1 to ${max}: "${text}"`);
}
