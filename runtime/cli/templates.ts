/** The methods `webtaskd new` knows, as a task exports them. */
export const templateMethods = ["get", "post", "put", "patch", "delete"] as const;

/** How a new task lets people in. */
export const templateAuths = ["none", "bearer"] as const;

/** What a new task is to be. */
export interface TaskTemplate {
  readonly name: string;
  readonly method: (typeof templateMethods)[number];
  readonly auth: (typeof templateAuths)[number];
}

/** The variable that holds the token of a task with `--auth bearer`. */
export function tokenVariable(name: string): string {
  return `${name.replaceAll("-", "_").toUpperCase()}_TOKEN`;
}

/** Writes the module of a new task. */
export function toTaskText(task: TaskTemplate): string {
  return `import type { AuthenticateArguments, HandlerArguments } from "@journeyapps/cloudcode";

${task.auth === "bearer" ? bearer(task.name) : openToAll}

${handler(task.method)}
`;
}

/** Writes the manifest of a new app, without tasks. */
export function toManifestText(app: string): string {
  const manifest = {
    $schema: "./cloudcode.schema.json",
    app,
    version: "1.15",
    tasks: {},
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Has editors find the types: they take loose files for projects of their own. */
export const tsconfigText = `${
  JSON.stringify(
    {
      compilerOptions: {
        target: "esnext",
        module: "esnext",
        moduleResolution: "bundler",
        lib: ["esnext", "dom", "dom.iterable"],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        resolveJsonModule: true,
        allowImportingTsExtensions: true,
      },
    },
    null,
    2,
  )
}\n`;

const openToAll = `// Every web task decides here who may use it. This one lets everybody in.
export function authenticate({ access }: AuthenticateArguments) {
  return access.authorized();
}`;

function bearer(name: string): string {
  return `// Lets in whoever sends "Authorization: Bearer <token>"; start with --env ${
    tokenVariable(name)
  }=<token>.
export async function authenticate({ request, access }: AuthenticateArguments) {
  const token = process.env.${tokenVariable(name)};
  const match = /^Bearer (\\S+)$/.exec(request.header("Authorization") ?? "");
  if (!token || match === null) return access.unauthorized();
  const isKnown = await digest(match[1]) === await digest(token);
  return isKnown ? access.authorized({ name: "token" }) : access.unauthorized();
}

// Digests are compared, so that the time it takes tells nothing about the token.
async function digest(text: string) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).join();
}`;
}

function handler(method: TaskTemplate["method"]): string {
  switch (method) {
    case "get":
      return `export function get({ params }: HandlerArguments) {
  return { hello: params.name ?? "world" };
}`;
    case "delete":
      // A function cannot be called "delete": "del" is accepted for it.
      return `export function del({ params }: HandlerArguments) {
  return { deleted: params.id ?? null };
}`;
    default:
      return `export function ${method}({ params }: HandlerArguments) {
  return { received: params };
}`;
  }
}
