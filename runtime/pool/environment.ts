/** What a worker inherits of its gateway's environment; everything else is the deployment's own. */
const inherited = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"] as const;

/** The whole environment of a worker: the allow-list and the variables of its deployment. */
export function workerEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const name of inherited) {
    const value = own[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...variables };
}
