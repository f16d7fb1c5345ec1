import type { Deployment } from "../invocation/release.ts";

/** How tasks are reached. */
export interface UrlContext {
  readonly domains: readonly string[];
  /** The listener's own, as `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly isLoopback: boolean;
}

/** The address of every task, as a client on this machine or, without loopback, outside uses it. */
export function toTaskUrls(
  deployments: readonly Pick<Deployment, "hostname" | "active">[],
  { domains, url, isLoopback }: UrlContext,
): readonly string[] {
  const { protocol, port } = new URL(url);
  const suffix = port === "" ? "" : `:${port}`;
  const domain = isLoopback && domains.includes("localhost") ? "localhost" : domains[0];
  const isOnly = isLoopback && deployments.length === 1;
  return deployments.flatMap(({ hostname, active }) => {
    const host = isOnly ? "localhost" : `${hostname}.${domain}`;
    return [...active.tasks.keys()].map((task) => `${protocol}//${host}${suffix}/${task}`);
  });
}
