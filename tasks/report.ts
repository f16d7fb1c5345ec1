import type { HandlerArguments } from "@journeyapps/cloudcode";
import type { ApiClient } from "./lib/api_clients.ts";
import { items } from "./lib/prices.ts";

export { authenticate } from "./lib/authenticate.ts";

const countingMs = 500;

/** Answers `GET /report` with the stock of every item, which takes a moment for each. */
export async function get({ signal }: HandlerArguments<ApiClient>) {
  const stock: Record<string, number> = {};
  for (const item of items) {
    // The signal aborts when the client has left or the time is over. It stops nothing by itself.
    if (signal.aborted) return { isComplete: false, stock };
    stock[item] = await countStock(item);
  }
  return { isComplete: true, stock };
}

/** Stands for a slow system of the company. */
async function countStock(item: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, countingMs));
  return item.length * 10;
}
