import { maxLabelLength, parseLabel, toLabel } from "../base/dns.ts";
import type { Environment } from "../base/environment.ts";
import { RuntimeError } from "../base/errors.ts";

/** The longest name of an app: with `-testing` or `-staging` it still is a host name's label. */
export const maxAppLength = maxLabelLength - "-testing".length;

/**
 * Reads the hostname of a deployment: one lower-case DNS label.
 * @throws {RuntimeError} `bad_hostname` with the reason.
 */
export function parseHostname(text: string): string {
  const label = parseLabel(text);
  if (label.kind === "good") return label.value;
  throw new RuntimeError(
    "bad_hostname",
    `Cannot use hostname ${JSON.stringify(text)}: ${label.fix}`,
  );
}

/** The hostname of a deployment that was given none: `<app>-<environment>`, or plain `<app>`. */
export function defaultHostname(app: string, environment: Environment): string {
  return environment === "production" ? app : `${app}-${environment}`;
}

/** What a suggestion may build on. */
export interface SuggestOptions {
  isTaken(hostname: string): boolean;
  /** The organisation whose name may go in front. */
  readonly organization?: string | undefined;
}

/** Suggests a free hostname near a taken or a bad one; always a valid label. */
export function suggestHostname(wanted: string, options: SuggestOptions): string {
  const base = toLabel(wanted) || "app";
  for (const candidate of candidates(base, toLabel(options.organization ?? ""))) {
    if (!options.isTaken(candidate)) return candidate;
  }
  throw new RuntimeError("bad_hostname", `Cannot suggest a hostname near "${base}": all are taken`);
}

function* candidates(base: string, organization: string): Generator<string> {
  yield base;
  if (!/-(testing|staging)$/.test(base)) {
    yield withSuffix(base, "-testing");
    yield withSuffix(base, "-staging");
  }
  if (organization !== "" && !base.startsWith(`${organization}-`)) {
    yield toLabel(`${organization}-${base}`);
  }
  for (let number = 2; number < 1_000_000; number++) yield withSuffix(base, `-${number}`);
}

function withSuffix(base: string, suffix: string): string {
  return base.slice(0, maxLabelLength - suffix.length).replace(/-+$/, "") + suffix;
}
