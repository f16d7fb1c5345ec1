import { type ErrorCode, messageOf, RuntimeError } from "../base/errors.ts";

/** What the exit code of a command tells the shell. */
export const exitCodes = { done: 0, failed: 1, misuse: 2 } as const;

/** Tells a person what went wrong, in one line and a hint; returns the exit code. */
export function reportFailure(
  error: unknown,
  { command, err }: { readonly command: string; err(line: string): void },
): number {
  err(`webtaskd: ${messageOf(error)}`);
  if (!(error instanceof RuntimeError)) {
    // Only a mistake of our own ends here: whoever reports it needs the place.
    if (error instanceof Error) err(error.stack ?? "");
    return exitCodes.failed;
  }
  const isMisuse = error.code === "bad_setting";
  const hint = isMisuse ? `Try "webtaskd ${command} --help".` : hints[error.code];
  if (hint !== undefined) err(hint);
  return isMisuse ? exitCodes.misuse : exitCodes.failed;
}

const correctIt = 'Correct it, then see "webtaskd check".';

const hints: { readonly [C in ErrorCode]?: string } = {
  bad_manifest: correctIt,
  bad_app: correctIt,
  bad_schema: correctIt,
  database_failed: 'See "webtaskd doctor" for the state of each database.',
  listen_failed:
    "Look at --listen and --port, or --admin: the address must be this machine's, the port free.",
  tls_failed: "Look at the files of --tls-cert and --tls-key.",
  not_reached: 'Start it with "webtaskd serve", or give its --data or --admin.',
  file_exists: "Remove it first, or choose another name.",
};
