// Written by "webtaskd types": run it again after an update.

// What tasks may count on of `process`; it merges with @types/node where that is installed.
declare namespace NodeJS {
  interface ProcessEnv {
    [name: string]: string | undefined;
  }
  interface Process {
    env: ProcessEnv;
  }
}
declare var process: NodeJS.Process;

declare module "@journeyapps/cloudcode" {
  /** A value that JSON can hold. */
  export type JsonValue = string | number | boolean | null | JsonValue[] | {
    [name: string]: JsonValue;
  };

  /**
   * All parameters of a request in one object: the query string, and the members of a JSON body that
   * is an object. A member wins over a query parameter of the same name; a query parameter that comes
   * several times is an array. Source: CloudCode documentation, "Trigger CC via HTTP".
   */
  export interface Params {
    [name: string]: JsonValue | undefined;
  }

  /** The error of `request.json()` for a body that is not JSON. */
  export interface InvalidJsonError extends SyntaxError {
    readonly name: "InvalidJsonError";
    /** The line of the first offending character, from 1. */
    readonly line: number;
    /** The place of that character in its line, from 1, in Unicode characters. */
    readonly column: number;
  }

  /**
   * The request a client sent. Every member is computed when it is first read.
   * Source: CloudCode documentation, "Trigger CC via HTTP".
   */
  export interface TaskRequest {
    /** The method in upper case, as `"GET"`. */
    readonly method: string;
    /** The full public URL. */
    readonly url: URL;
    /** The headers; changing them changes neither the request nor `header()`. */
    readonly headers: Headers;
    /** The full host name without port, as `"acme-my-app.poweredbyjourney.com"`. */
    readonly hostname: string;
    /** The label before the domain, as `"acme-my-app"`. */
    readonly subdomain: string;
    /** The query parameters; the same object as `url.searchParams`. */
    readonly searchParams: URLSearchParams;
    /** The path without host name and query, as `"/my_web_task"`. */
    readonly path: string;
    /**
     * The body as JSON whatever its content type, and the same value at each call; `null` for GET,
     * for HEAD and for an empty body. `params` holds copies of its own.
     * @throws {InvalidJsonError} when the body is not JSON. A handler that does not catch it answers
     * 400 with the position of the mistake.
     */
    json(): JsonValue;
    /** The body as text without a byte order mark: `null` for GET and HEAD, `""` for an empty body. */
    text(): string | null;
    /** The value of a header, its name in any case; `undefined` when the client did not send it. */
    header(name: string): string | undefined;
  }

  /**
   * Details of the answer, all optional. What a handler returns is the body and wins over `body()`.
   * Changes after the handler has ended have no effect.
   * Source: CloudCode documentation, "Trigger CC via HTTP".
   *
   * @example
   * ```ts
   * export function get({ response }: HandlerArguments) {
   *   response.status(201).contentType("text/html").body("<p>Hello</p>");
   * }
   * ```
   */
  export interface TaskResponse {
    /**
     * Sets the type of the body: `application/json`, `text/html` or `text/plain`, with parameters.
     * Text is always sent as UTF-8. A body that is not a string goes out as its JSON text.
     * @default `text/plain; charset=utf-8` for a string, `application/json` for anything else
     * @throws {TypeError} for another type or another charset.
     */
    contentType(type: string): this;
    /**
     * Sets the status code, an integer from 200 to 599. With 204, 205 and 304 there can be no body.
     * @default 200
     * @throws {TypeError} for any other code.
     */
    status(code: number): this;
    /** Sets the body: a string, or a value for `JSON.stringify`; binary data is not supported. */
    body(value: unknown): this;
    /**
     * Sets a header in place of an earlier value; `Set-Cookie` adds one.
     * @throws {TypeError} for a header that is the server's business (as `Connection`,
     * `Content-Length`, `X-Request-Id`) and for characters that no header can hold.
     */
    header(name: string, value: string | number): this;
  }

  /** What `access.authorized()` returns: valid in its own invocation, and only itself. */
  export interface Authorized {
    readonly kind: "authorized";
  }

  /** What `access.unauthorized()` returns: valid in its own invocation, and only itself. */
  export interface Unauthorized {
    readonly kind: "unauthorized";
  }

  /** How a client without access is answered. */
  export interface UnauthorizedOptions {
    /**
     * An integer from 400 to 599.
     * @default 401
     */
    readonly status?: number | undefined;
    /**
     * A string (sent as text) or a value for `JSON.stringify`.
     * @default `{ message: "Unauthorized" }`, or the message that belongs to `status`
     */
    readonly body?: unknown;
  }

  /**
   * The two possible results of `authenticate`. Any other value, and an error, is answered with 500.
   * Source: CloudCode documentation, "Trigger CC via HTTP".
   */
  export interface Access {
    /** Lets the request through to its handler; the handler gets this very context as `authContext`. */
    authorized(context?: unknown): Authorized;
    /**
     * Turns the client away.
     * @throws {TypeError} for a status outside 400 to 599 and a body that JSON cannot hold.
     */
    unauthorized(options?: UnauthorizedOptions): Unauthorized;
  }

  /** Facts about this run of the task. */
  export interface Invocation {
    /** The W3C trace ID of this invocation: 32 lower-case hex digits. */
    readonly traceId: string;
    /** The ID of the request, shared by all its invocations. */
    readonly requestId: string;
    /** The number of this invocation of the request, from 1. */
    readonly attempt: number;
    /** The end of this invocation's own `timeout`; the run is not stopped then. */
    readonly deadline: Date;
    /** The hostname of the deployment, as `"acme-my-app-testing"`. */
    readonly hostname: string;
    /** `"testing"`, `"staging"` or `"production"`. */
    readonly environment: string;
    /** The name of the app in its manifest. */
    readonly app: string;
    /** The name of the task. */
    readonly task: string;
  }

  /**
   * What `this` is in `authenticate` and in handlers; their argument has the same members. A member
   * is computed when it is read, so name the ones you need: a spread copy of the object is empty.
   */
  export interface TaskContext<Auth = unknown> {
    readonly request: TaskRequest;
    readonly response: TaskResponse;
    /** One object per invocation: `authenticate` and the handler see each other's changes. */
    readonly params: Params;
    readonly access: Access;
    /** The very value given to `access.authorized()`; `undefined` before, and without one. */
    readonly authContext: Auth;
    /**
     * Aborts once, when going on is pointless: its `reason.name` is `ClientGone`, `Overdue` (the
     * `timeout` is over) or `Draining` (the server stops soon). The run itself is not stopped.
     */
    readonly signal: AbortSignal;
    readonly invocation: Invocation;
  }

  /** What `authenticate` is called with. */
  export type AuthenticateArguments = Omit<TaskContext, "response" | "authContext">;

  /** What a handler is called with; `Auth` is the type of its `authContext`. */
  export type HandlerArguments<Auth = unknown> = TaskContext<Auth>;

  /**
   * Decides whether a request may run; every web task must export one.
   *
   * @example
   * ```ts
   * export const authenticate: Authenticate = ({ request, access }) =>
   *   request.header("Authorization") === "Bearer secret"
   *     ? access.authorized({ name: "Ada" })
   *     : access.unauthorized();
   * ```
   */
  export type Authenticate = (
    this: TaskContext,
    args: AuthenticateArguments,
  ) => Authorized | Unauthorized | PromiseLike<Authorized | Unauthorized>;

  /**
   * Answers the requests of one method. What it returns is the body: a string as text, anything else
   * as JSON; a Web `Response` is the whole answer, whatever `response` was told before.
   *
   * @example
   * ```ts
   * export const post: Handler<{ name: string }> = ({ params, authContext }) => (
   *   { hello: authContext.name, params }
   * );
   * ```
   */
  export type Handler<Auth = unknown> = (
    this: TaskContext<Auth>,
    args: HandlerArguments<Auth>,
  ) => unknown;

  /** The exports of a task that HTTP can trigger. */
  export interface WebTask<Auth = unknown> {
    readonly authenticate: Authenticate;
    readonly get?: Handler<Auth>;
    readonly post?: Handler<Auth>;
    readonly put?: Handler<Auth>;
    readonly patch?: Handler<Auth>;
    readonly delete?: Handler<Auth>;
    /** The same as `delete`, which is no name for a function declaration. */
    readonly del?: Handler<Auth>;
    /** Without it, HEAD runs `get` and drops the body. */
    readonly head?: Handler<Auth>;
    /** Without it, OPTIONS is answered with the methods there are. */
    readonly options?: Handler<Auth>;
  }

  /**
   * A calendar day without a time or a zone. Days never change. Source: JourneyApps documentation.
   *
   * @example
   * ```ts
   * const due = new Day("2026-12-31");
   * due.getYear(); // 2026
   * due.getMonth(); // 11, as in Date
   * ```
   */
  export interface CalendarDay {
    /** Its first moment in the local zone. */
    toDate(): Date;
    getYear(): number;
    /** From 0, as in `Date`. */
    getMonth(): number;
    /** The day of the month, from 1. */
    getDay(): number;
    /** From 0 for Sunday, as in `Date`. */
    getDayOfWeek(): number;
    /** As `2026-12-31`. */
    toJSON(): string;
    toString(): string;
  }

  /** The global `Day`. */
  export interface DayConstructor {
    /** Today. */
    new (): CalendarDay;
    /** The month counts from 0; numbers that run over are carried. */
    new (year: number, month: number, day: number): CalendarDay;
    /** From text as `2026-12-31`, or the local day of a `Date`. */
    new (day: string | Date | CalendarDay): CalendarDay;
  }

  /** A file that belongs to an object. It never changes: new content is a new attachment. */
  export interface StoredAttachment {
    readonly id: string;
    readonly filename: string;
    toText(): Promise<string>;
    toBase64(): Promise<string>;
    toArrayBuffer(): Promise<ArrayBuffer>;
    toJSON(): { id: string; filename: string };
  }

  /** What an attachment is made of: a name, and its content in one of three forms. */
  export type AttachmentContent =
    & { readonly filename: string }
    & (
      | { readonly text: string }
      | { readonly base64: string }
      | { readonly data: ArrayBuffer | ArrayBufferView }
    );

  /** The global `Attachment`. */
  export interface AttachmentConstructor {
    /** Writes an attachment; then it can be assigned to a field and saved with its object. */
    create(content: AttachmentContent): Promise<StoredAttachment>;
  }

  /** A place on the earth. */
  export interface GeoLocation {
    readonly latitude: number;
    readonly longitude: number;
    readonly altitude?: number | null;
    readonly horizontal_accuracy?: number | null;
    readonly vertical_accuracy?: number | null;
    readonly timestamp?: number | string | Date | null;
  }

  /** What every object of the database has, besides its fields and relations. */
  export interface StoredObject {
    /** A UUID, there from the start. */
    readonly id: string;
    /** The name of its model. */
    readonly type: string;
    /** Whether the database has it. */
    readonly persisted: boolean;
    /**
     * Inserts a new object, or writes the fields that have changed; before it, belongs-to objects that
     * are loaded and have changed. All of it happens or nothing.
     */
    save(): Promise<void>;
    /** Removes it; once it is gone, neither this nor `save()` does anything. */
    destroy(): Promise<void>;
    /** Reads it again, and drops what was assigned since. */
    reload(): Promise<void>;
    /**
     * Assigns several fields, or none when one does not fit; keys that are no fields are ignored.
     * @throws {TypeError} for a value that its field does not take.
     */
    setAll(values: object): void;
    /** The model's `<display>`, filled in. */
    toString(): string;
    /** `id`, the fields, and `<name>_id` of each belongs-to. */
    toJSON(): { [name: string]: unknown };
  }

  /** Objects that are asked for. It never changes: each step gives a new query. */
  export interface StoredQuery<T, Fields = object> extends AsyncIterable<T> {
    /** Only those that also fulfil a condition. */
    where(query: string, ...args: unknown[]): StoredQuery<T, Fields>;
    where(fields?: Fields): StoredQuery<T, Fields>;
    limit(count: number): StoredQuery<T, Fields>;
    skip(count: number): StoredQuery<T, Fields>;
    /** In place of an earlier order; `-` before a name is descending, unset values count as lowest. */
    orderBy(...fields: string[]): StoredQuery<T, Fields>;
    /** Loads belongs-to together with the objects, as `"org"` or `"org.parent"`. */
    include(...paths: string[]): StoredQuery<T, Fields>;
    toArray(): Promise<T[]>;
    first(): Promise<T | null>;
    count(): Promise<number>;
    /** Destroys what is found, in one step; resolves with how many there were. */
    destroyAll(): Promise<number>;
    /** How the engine would go about it, as text for people. */
    explain(): Promise<string>;
  }

  /** The objects of one model, as `DB.api_client`. */
  export interface ModelCollection<T, Fields = object> {
    /** A new object; `save()` writes it. Keys that are no fields are ignored. */
    create(values?: Fields): T;
    /** The object with an ID. */
    first(id: string): Promise<T | null>;
    /**
     * An object that fulfils a condition; `null` when there is none. Of several, `where(…).orderBy(…)
     * .first()` says which.
     */
    first(query: string, ...args: [unknown, ...unknown[]]): Promise<T | null>;
    first(fields?: Fields): Promise<T | null>;
    where(query: string, ...args: unknown[]): StoredQuery<T, Fields>;
    where(fields?: Fields): StoredQuery<T, Fields>;
    all(): StoredQuery<T, Fields>;
  }

  /** Changes that happen together: all of them or none. */
  export interface ChangeBatch {
    save(object: StoredObject): void;
    /** Wins over a `save` of the same object. */
    destroy(object: StoredObject): void;
    /**
     * Does what was added; called again, what has not been done.
     * @throws a `CrudError` with `errors` when something does not work; nothing is done then.
     */
    execute(): Promise<void>;
  }

  /** What `DB` has besides its models. */
  export interface DatabaseMembers {
    readonly Batch: new () => ChangeBatch;
  }
}

/** The objects of schema.xml. */
declare namespace Model {
  type StoredObject = import("@journeyapps/cloudcode").StoredObject;
  type StoredQuery<T, F> = import("@journeyapps/cloudcode").StoredQuery<T, F>;
  type Location = import("@journeyapps/cloudcode").GeoLocation;

  /** API client */
  interface api_client extends StoredObject {
    /** Name */
    get name(): string | null;
    set name(value: string | number | boolean | null | undefined);
    /** Token */
    get token(): string | null;
    set token(value: string | number | boolean | null | undefined);
    /** May change things */
    get can_write(): boolean | null;
    set can_write(value: boolean | null | undefined);
  }
}

/** What can be given to create() and where(), by model. */
declare namespace Fields {
  type Location = import("@journeyapps/cloudcode").GeoLocation;

  interface api_client {
    name?: string | number | boolean | null | undefined;
    token?: string | number | boolean | null | undefined;
    can_write?: boolean | null | undefined;
  }
}

declare const DB: import("@journeyapps/cloudcode").DatabaseMembers & {
  /** API client */
  readonly api_client: import("@journeyapps/cloudcode").ModelCollection<Model.api_client, Fields.api_client>;
};

declare const Day: import("@journeyapps/cloudcode").DayConstructor;
type Day = import("@journeyapps/cloudcode").CalendarDay;

declare const Attachment: import("@journeyapps/cloudcode").AttachmentConstructor;
type Attachment = import("@journeyapps/cloudcode").StoredAttachment;
