import type { Call } from "../protocol/call.ts";
import { parseJson } from "./invalid_json.ts";
import type { JsonValue, TaskRequest } from "./types.ts";

const decoder = new TextDecoder();

/**
 * The request of a call; each member is made of the plain data when it is first read. Its functions
 * work without it, as in `const { json } = request`.
 */
export class CallRequest implements TaskRequest {
  readonly #call: Call;
  readonly #subdomain: string;
  #url: URL | undefined;
  #headers: Headers | undefined;
  #text: string | undefined;
  #json: JsonValue | undefined;

  constructor(call: Call, subdomain: string) {
    this.#call = call;
    this.#subdomain = subdomain;
  }

  get method(): string {
    return this.#call.method;
  }

  get url(): URL {
    return this.#url ??= new URL(this.#call.url);
  }

  get headers(): Headers {
    return this.#headers ??= new Headers(this.#call.headers);
  }

  get hostname(): string {
    return this.url.hostname;
  }

  get subdomain(): string {
    return this.#subdomain;
  }

  get searchParams(): URLSearchParams {
    return this.url.searchParams;
  }

  get path(): string {
    return this.url.pathname;
  }

  get json() {
    return (): JsonValue => this.#json ??= this.#parse();
  }

  get text() {
    return (): string | null => this.#read();
  }

  get header() {
    return (name: string): string | undefined => {
      const key = String(name).toLowerCase();
      return Object.hasOwn(this.#call.headers, key) ? this.#call.headers[key] : undefined;
    };
  }

  #parse(): JsonValue {
    const text = this.#read();
    return text === null || text === "" ? null : parseJson(text);
  }

  #read(): string | null {
    if (!hasReadableBody(this.#call)) return null;
    return this.#text ??= decoder.decode(this.#call.body);
  }
}

/** Whether a task gets to see the body of a call: one of GET or HEAD has no meaning. */
function hasReadableBody(call: Call): boolean {
  return call.method !== "GET" && call.method !== "HEAD";
}
