/** Says how many there are of what a noun names that takes an "s": `1 row`, `2 rows`, `0 rows`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
