import type { Deployment } from "../invocation/release.ts";

/** Labels and dots; case does not matter, one trailing dot is dropped. */
const hostPattern = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?$/;
const maxPort = 65_535;
/** Hosts of unknown deployments are forgotten when this many have been looked up. */
const maxRemembered = 1_000;

/** Where a Host header leads. */
export type HostMatch =
  | { readonly kind: "found"; readonly deployment: Deployment }
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed" };

/** What a table of hosts is made of. */
export interface HostTableOptions {
  readonly domains: readonly string[];
  readonly deployments: readonly Deployment[];
  /** The gateway listens on a loopback address: it may be addressed as `localhost`, too. */
  readonly isLoopback: boolean;
}

/** Finds the deployment of a Host header; made anew whenever deployments come or go. */
export class HostTable {
  readonly #hosts = new Map<string, Deployment>();
  readonly #remembered = new Map<string, HostMatch>();

  constructor({ domains, deployments, isLoopback }: HostTableOptions) {
    for (const deployment of deployments) {
      for (const domain of domains) this.#hosts.set(`${deployment.hostname}.${domain}`, deployment);
    }
    const [only] = deployments;
    if (!isLoopback || !only || deployments.length > 1) return;
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) this.#hosts.set(host, only);
  }

  /** Looks up the value of a Host header. */
  find(host: string | undefined): HostMatch {
    if (host === undefined) return { kind: "malformed" };
    return this.#remembered.get(host) ?? this.#lookUp(host);
  }

  #lookUp(host: string): HostMatch {
    const name = parseHost(host);
    // Not remembered, as it may be of any length.
    if (name === undefined) return { kind: "malformed" };
    const deployment = this.#hosts.get(name);
    return this.#remember(host, deployment ? { kind: "found", deployment } : { kind: "unknown" });
  }

  #remember(host: string, match: HostMatch): HostMatch {
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(host, match);
    return match;
  }
}

/** The host's name in lower case, without port and trailing dot; undefined when it is not valid. */
function parseHost(host: string): string | undefined {
  const [, name, port] = hostPattern.exec(host) ?? [];
  if (name === undefined || Number(port ?? 0) > maxPort || name.includes("..")) return undefined;
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}
