import { items, maxQuantity } from "./prices.ts";

/** An order as clients see it. */
export interface Order {
  readonly id: string;
  readonly item: string;
  readonly quantity: number;
}

/** What a client says about an order it places. */
export type Draft = Omit<Order, "id">;

/** A draft, or everything that is wrong with it: one sentence per member. */
export type DraftResult =
  | { readonly kind: "good"; readonly draft: Draft }
  | { readonly kind: "bad"; readonly problems: Readonly<Record<string, string>> };

const maxOrders = 1000;

/**
 * Sample data in memory: each process of the app has its own, and it is gone when the process ends.
 * A real app keeps its orders in a database.
 */
export class OrderBook {
  readonly #orders = new Map<string, Order>();

  constructor(orders: readonly Order[]) {
    for (const { id, ...draft } of orders) this.place(id, draft);
  }

  /** Lists the orders, oldest first; only those for `item` when it is given. */
  list(item?: string): Order[] {
    const all = [...this.#orders.values()];
    return item === undefined ? all : all.filter((order) => order.item === item);
  }

  /** Finds an order by its ID. */
  find(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  /** Places an order; one that was placed under this ID before is returned as it is. */
  place(id: string, draft: Draft): Order {
    const earlier = this.#orders.get(id);
    if (earlier) return earlier;
    const order = { id, ...draft };
    this.#orders.set(id, order);
    this.#dropOldest();
    return order;
  }

  /** Removes an order; false when there is none. */
  remove(id: string): boolean {
    return this.#orders.delete(id);
  }

  #dropOldest(): void {
    for (const id of this.#orders.keys()) {
      if (this.#orders.size <= maxOrders) return;
      this.#orders.delete(id);
    }
  }
}

/** Checks the body of a request, which may be any JSON value. */
export function parseDraft(body: unknown): DraftResult {
  const { item, quantity } = toRecord(body);
  const problems: Record<string, string> = {};
  if (!isItem(item)) problems.item = `must be one of ${items.join(", ")}`;
  if (!isQuantity(quantity)) problems.quantity = `must be a whole number from 1 to ${maxQuantity}`;
  if (isItem(item) && isQuantity(quantity)) return { kind: "good", draft: { item, quantity } };
  return { kind: "bad", problems };
}

/** Writes orders as comma-separated values, for a spreadsheet. */
export function toCsv(orders: readonly Order[]): string {
  const rows = orders.map(({ id, item, quantity }) => `${id},${item},${quantity}\r\n`);
  return ["id,item,quantity\r\n", ...rows].join("");
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function isItem(value: unknown): value is string {
  return typeof value === "string" && items.includes(value);
}

function isQuantity(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxQuantity;
}
