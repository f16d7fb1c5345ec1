import type { AuthenticateArguments, HandlerArguments } from "@journeyapps/cloudcode";
import { toQuote } from "./lib/prices.ts";

/** Lets everyone in; which web sites may read the answer is said in `cloudcode.json`. */
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}

/** Answers `GET /quotes?item=desk&quantity=2` with a price. */
export function get(args: HandlerArguments) {
  return quote(args);
}

/** Answers `POST /quotes` with a price: `params` holds the members of a JSON body, too. */
export function post(args: HandlerArguments) {
  return quote(args);
}

function quote({ params, response }: HandlerArguments) {
  const result = toQuote(params.item, params.quantity);
  if (result.kind === "quoted") return result.quote;
  response.status(422);
  return { message: result.problem };
}
