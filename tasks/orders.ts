import type { HandlerArguments } from "@journeyapps/cloudcode";
import type { ApiClient } from "./lib/api_clients.ts";
import { OrderBook, parseDraft, toCsv } from "./lib/order_book.ts";

export { authenticate } from "./lib/authenticate.ts";

const orders = new OrderBook([
  { id: "1", item: "desk", quantity: 2 },
  { id: "2", item: "chair", quantity: 8 },
]);

/**
 * Answers `GET /orders` with all orders, `?item=desk` with some of them, `?id=1` with one and
 * `?format=csv` with a file.
 */
export function get(args: HandlerArguments<ApiClient>) {
  const { params } = args;
  if (params.id !== undefined) return getOne(String(params.id), args);
  const found = orders.list(params.item === undefined ? undefined : String(params.item));
  if (params.format !== "csv") return { orders: found };
  // Web tasks send JSON, HTML and plain text, so that is what a spreadsheet's file goes out as.
  args.response
    .contentType("text/plain; charset=utf-8")
    .header("Content-Disposition", 'attachment; filename="orders.csv"')
    .body(toCsv(found));
}

/** Answers `POST /orders` with a JSON body as `{"item":"desk","quantity":2}`: places an order. */
export function post({ request, response, authContext, invocation }: HandlerArguments<ApiClient>) {
  // Where the body is not JSON, the error of `json()` becomes a 400 that says where.
  const result = parseDraft(request.json());
  if (result.kind === "bad") {
    response.status(422).body({ message: "Invalid order", problems: result.problems });
    return;
  }
  // All attempts of a request share its ID, so a second one cannot place the order again.
  const order = orders.place(invocation.requestId, result.draft);
  // deno-lint-ignore no-console -- it goes to the trace of this invocation.
  console.log(`${authContext.name} placed order ${order.id}, attempt ${invocation.attempt}`);
  response.status(201).header("Location", `${request.path}?id=${order.id}`).body(order);
}

/** Answers `DELETE /orders?id=1`; `delete` itself is no name for a function in JavaScript. */
export function del({ params, response }: HandlerArguments<ApiClient>) {
  if (orders.remove(String(params.id))) response.status(204);
  else response.status(404).body({ message: "No such order" });
}

function getOne(id: string, { response }: HandlerArguments<ApiClient>) {
  const order = orders.find(id);
  if (order) return order;
  response.status(404);
  return { message: "No such order" };
}
