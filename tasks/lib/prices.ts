/** What a number of pieces costs. */
export interface Quote {
  readonly item: string;
  readonly quantity: number;
  readonly totalCents: number;
  readonly currency: "EUR";
}

/** A quote, or what is wrong with the question. */
export type QuoteResult =
  | { readonly kind: "quoted"; readonly quote: Quote }
  | { readonly kind: "refused"; readonly problem: string };

/** The most pieces one quote or order can be about. */
export const maxQuantity = 1000;

/** Sample data: a real app reads its prices from a database. */
const centsByItem: ReadonlyMap<unknown, number> = new Map([
  ["chair", 8_900],
  ["desk", 24_900],
  ["lamp", 3_950],
]);

/** The names of everything that has a price. */
export const items: readonly string[] = [...centsByItem.keys()].map(String);

/** Says what `quantity` pieces of `item` cost; both come from a client and may be anything. */
export function toQuote(item: unknown, quantity: unknown): QuoteResult {
  const priceCents = centsByItem.get(item);
  if (priceCents === undefined) return refuse(`"item" must be one of ${items.join(", ")}`);
  const count = parseQuantity(quantity);
  if (count === undefined) {
    return refuse(`"quantity" must be a whole number from 1 to ${maxQuantity}`);
  }
  const totalCents = count * priceCents;
  return {
    kind: "quoted",
    quote: { item: String(item), quantity: count, totalCents, currency: "EUR" },
  };
}

/** Reads a number of pieces: a number of a JSON body, or the text of a query parameter. */
function parseQuantity(value: unknown): number | undefined {
  const count = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  const isCount = typeof count === "number" && Number.isInteger(count);
  return isCount && count >= 1 && count <= maxQuantity ? count : undefined;
}

function refuse(problem: string): QuoteResult {
  return { kind: "refused", problem };
}
