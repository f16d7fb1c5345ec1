/** What decides how the log looks. */
export interface LogSurroundings {
  /** What was asked for; undefined where nothing was. */
  readonly logFormat: "text" | "json" | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Whether a person sees it at once. */
  readonly isTerminal: boolean;
}

/** How the log looks. */
export interface LogStyle {
  readonly format: "text" | "json";
  /** Whether there is a line for each request; else, for what went wrong. */
  readonly showRequests: boolean;
}

/** Text is for people, JSON for programs; a line for every request is for whoever asks for it. */
export function toLogStyle({ logFormat, logLevel, isTerminal }: LogSurroundings): LogStyle {
  return {
    format: logFormat ?? (isTerminal ? "text" : "json"),
    showRequests: logFormat === "json" || isTerminal || logLevel === "debug",
  };
}
