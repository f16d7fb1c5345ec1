import * as v from "valibot";
import { parseLabel } from "../base/dns.ts";
import { mostAttempts, parseCapturedSize, parseMaxBody } from "../base/task_settings.ts";
import { maxAppLength } from "./hostname.ts";
import {
  countSchema,
  durationSchema,
  flagSchema,
  headerNameSchema,
  memberPathSchema,
  originSchema,
  secondsSchema,
  sizeSchema,
  storedHeaderSchema,
} from "./leaf_schemas.ts";
import { versionFix } from "./version.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const appPattern = `^[a-z0-9]([a-z0-9-]{0,${maxAppLength - 2}}[a-z0-9])?$`;
const maxConcurrency = 10_000;

/** What other origins may do with a task. */
export const corsSchema = v.pipe(
  v.strictObject({
    origin: described(
      v.union(
        [v.literal("*"), v.pipe(v.array(originSchema), v.minLength(1, "name an origin"))],
        'give "*", or a list of origins as ["https://x.example"]',
      ),
      '"*" for every origin, or a list of origins as ["https://x.example"].',
    ),
    methods: v.optional(described(
      v.array(v.picklist(methods, `give one of ${methods.join(", ")}`), "give a list of methods"),
      "Methods other origins may use. Default: those the task has.",
    )),
    headers: v.optional(described(
      v.union(
        [v.literal("*"), v.array(headerNameSchema)],
        'give "*", or a list of header names as ["X-Total"]',
      ),
      'Request headers other origins may send, or "*" for all. Default: none beyond the safe ones.',
    )),
    exposeHeaders: v.optional(described(
      v.array(headerNameSchema, "give a list of header names"),
      "Response headers scripts of other origins may read.",
    )),
    credentials: v.optional(described(
      flagSchema,
      'Let browsers send cookies and Authorization; not with origin "*".',
    )),
    maxAge: v.optional(
      secondsSchema('How long browsers may keep the answer to a preflight, as "600s".'),
    ),
  }, required({ origin: 'add "origin": "*", or a list of origins' })),
  v.check(
    ({ origin, credentials }) => !(origin === "*" && credentials === true),
    'browsers refuse credentials with origin "*": list the origins, or remove credentials',
  ),
);

/** What is stored of the requests of a task. */
export const captureSchema = v.strictObject({
  headers: v.optional(described(
    v.union(
      [v.literal(true), v.array(storedHeaderSchema)],
      'give true, or a list of header names as ["content-type"]',
    ),
    "Headers to store: a list of names, or true for all but those that hold secrets. Default: none.",
  )),
  body: v.optional(described(flagSchema, "Store the body. Default: false.")),
  maxBody: v.optional(
    sizeSchema(
      'The largest body that is stored, at most "1MiB". Default: "64KiB".',
      parseCapturedSize,
    ),
  ),
  redact: v.optional(described(
    v.array(memberPathSchema, 'give a list of paths, as ["$.card.number"]'),
    'Members of a JSON body, and query parameters, whose values are never stored, as "$.card.number".',
  )),
}, 'give an object, as {"headers": true, "body": true}');

/** What a task's entry, and `defaults`, may say. */
export const taskSchema = v.strictObject({
  web: v.optional(described(flagSchema, "Serve the task over HTTP. Default: false.")),
  timeout: v.optional(
    durationSchema('How long an invocation may run and still answer. Default: "60s".'),
  ),
  attempts: v.optional(described(
    countSchema(1, mostAttempts),
    "How many invocations one request may start. Default: 3.",
  )),
  deadline: v.optional(
    durationSchema('How long a client waits at most before it gets 504. Default: "180s".'),
  ),
  late: v.optional(described(
    v.picklist(["discard", "deliver"], 'give "discard" or "deliver"'),
    'What happens to a response that comes after the timeout. Default: "discard".',
  )),
  maxDuration: v.optional(
    durationSchema(
      'How long an invocation may run before its process is stopped. Default: "300s".',
    ),
  ),
  concurrency: v.optional(described(
    countSchema(1, maxConcurrency),
    "Invocations of the task in one process at a time. Default: the process's limit.",
  )),
  maxBody: v.optional(
    sizeSchema('The largest request body, at most "60MiB". Default: "5MiB".', parseMaxBody),
  ),
  cors: v.optional(described(corsSchema, "What other origins may do. Default: nothing.")),
  capture: v.optional(described(
    captureSchema,
    "What is stored of each request, to look at it and to replay it; {} is nothing, the default.",
  )),
}, "give an object");

/** The manifest without the settings of its tasks: each entry is checked, and named, on its own. */
export const headSchema = v.strictObject(
  {
    $schema: v.optional(v.string("give the address of the JSON schema as text")),
    app: described(
      v.pipe(
        v.string('give a name, as "my-app"'),
        v.metadata({ pattern: appPattern }),
        v.rawCheck(checkApp),
      ),
      "The app's name: part of its default hostname, so lower-case letters, digits and hyphens.",
    ),
    version: described(
      v.pipe(v.string('give the version as text, as "1.15"'), v.rawCheck(checkVersion)),
      "The CloudCode version the app is written for: 1.1.0 or later.",
    ),
    defaults: v.optional(v.unknown()),
    tasks: v.unknown(),
  },
  required({
    app: 'add "app": "my-app"',
    version: 'add "version": "1.15"',
    tasks: 'add "tasks": {}',
  }),
);

function described<const S extends v.GenericSchema>(schema: S, sentence: string) {
  return v.pipe(schema, v.description(sentence));
}

function required(fixes: Readonly<Record<string, string>>) {
  return ({ expected }: { readonly expected: string | null }) =>
    fixes[expected?.slice(1, -1) ?? ""] ?? "give an object";
}

function checkApp({ dataset, addIssue }: v.RawCheckContext<string>): void {
  if (!dataset.typed) return;
  const label = parseLabel(dataset.value);
  if (label.kind === "bad") addIssue({ message: label.fix });
  else if (dataset.value.length > maxAppLength) {
    addIssue({ message: `give at most ${maxAppLength} characters: got ${dataset.value.length}` });
  }
}

function checkVersion({ dataset, addIssue }: v.RawCheckContext<string>): void {
  const fix = dataset.typed ? versionFix(dataset.value) : undefined;
  if (fix !== undefined) addIssue({ message: fix });
}
