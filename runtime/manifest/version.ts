const versionPattern = /^(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?$/;
const firstWithWebTasks = [1, 1, 0] as const;

/** Says what is wrong with a CloudCode version; `undefined` for one that has web tasks. */
export function versionFix(text: string): string | undefined {
  const parts = versionPattern.exec(text)?.slice(1).map((part) => Number(part ?? 0));
  if (parts === undefined) return 'give a version, as "1.15" or "1.1.0"';
  for (const [index, least] of firstWithWebTasks.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return undefined;
    if (part < least) return "web tasks need version 1.1.0 or later";
  }
  return undefined;
}
