import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toDeclarationsText } from "../runtime/cli/editor_files.ts";
import { tsconfigText } from "../runtime/cli/templates.ts";
import type { Database } from "../runtime/database/database.ts";
import { installDatabase } from "../runtime/database/install.ts";
import { readSchema } from "../runtime/database/model/read_schema.ts";
import { DatabaseObject } from "../runtime/database/objects/database_object.ts";
import { toDeclarations } from "../runtime/database/tools/declarations.ts";
import type { Call, Reply } from "../runtime/protocol/call.ts";
import { readManifest } from "../runtime/manifest/read.ts";
import { loadTask } from "../runtime/task/load.ts";
import { runTask } from "../runtime/task/run.ts";
import { createTempFolder, type TempFolder } from "./temp_folder.ts";

const folder = join(import.meta.dir, "../tasks");
const origin = "https://acme-my-app-testing.poweredbyjourney.com";
const portal = { authorization: "Bearer portal_7f3c9a" };
/** Of "Authentication Example" in "Trigger CC via HTTP": its lines without blanks around them. */
const documentedExample = "3ead944fab840b26c4667babf5800992e87807e93b62853b397b7fcfaf1aca1a";
const kiosk = { authorization: "Bearer kiosk_51d0be" };

let data: TempFolder;
let database: Database;

beforeAll(async () => {
  data = await createTempFolder();
  const schema = await readSchema(folder);
  database = installDatabase({
    dir: join(data.path, "db"),
    dataModel: schema?.model,
    isMade: true,
  });
  const clients = [
    { name: "Acme Portal", token: "portal_7f3c9a", can_write: true },
    { name: "Acme Kiosk", token: "kiosk_51d0be", can_write: false },
  ];
  for (const client of clients) {
    const object = database.collection("api_client").create(client);
    if (object instanceof DatabaseObject) await object.save();
  }
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

describe("cloudcode.json", () => {
  test("of the sample app is valid and names every task in its folder", async () => {
    const { tasks } = await readManifest(folder);
    const files = [...new Bun.Glob("*.{ts,js}").scanSync(folder)]
      .filter((file) => !file.endsWith(".d.ts"));
    expect(tasks.map((task) => task.file).sort()).toEqual(files.sort());
    expect(tasks.every((task) => task.isWeb)).toBe(true);
  });

  test("of the bench is valid", async () => {
    const manifest = await readManifest(join(import.meta.dir, "../bench/fixtures/app"));
    expect(manifest.app).toBe("bench");
  });
});

describe("cloudcode.d.ts and tsconfig.json", () => {
  test("are what the commands write for this app", async () => {
    const schema = await readSchema(folder);
    const text = schema && toDeclarationsText(toDeclarations(schema.model));
    expect(readFileSync(join(folder, "cloudcode.d.ts"), "utf8")).toBe(text ?? "");
    expect(readFileSync(join(folder, "tsconfig.json"), "utf8")).toBe(tsconfigText);
  });

  test("let the type checker accept the tasks", async () => {
    const tsc = join(folder, "../node_modules/.bin/tsc");
    const child = Bun.spawn([tsc, "--project", folder], { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe("");
    expect(await child.exited).toBe(0);
  }, 60_000);
});

describe("hello", () => {
  test("answers the world", async () => {
    const reply = await ask("GET", "/hello");
    expect(reply).toMatchObject({ status: 200, contentType: "application/json" });
    expect(reply.json).toEqual({ hello: "world" });
  });
});

describe("my_web_task", () => {
  test("is the example of the CloudCode documentation, unchanged but for its indentation", () => {
    const text = readFileSync(join(folder, "my_web_task.js"), "utf8");
    const lines = text.trimEnd().split("\n").map((line) => line.trim());
    expect(createHash("sha256").update(lines.join("\n")).digest("hex")).toBe(documentedExample);
  });

  test("answers with the client's name", async () => {
    const { status, json } = await ask("POST", "/my_web_task", { headers: portal });
    expect(status).toBe(200);
    expect(json).toEqual({ user: "Acme Portal" });
  });

  test.each([undefined, "portal_7f3c9a", "Bearer", "Bearer unknown", "Bearer a b"])(
    "turns %p away",
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization };
      const { status, json } = await ask("POST", "/my_web_task", { headers });
      expect(status).toBe(401);
      expect(json).toEqual({ message: "Unauthorized" });
    },
  );
});

describe("page", () => {
  test("is HTML that greets the world", async () => {
    const reply = await ask("GET", "/page");
    expect(reply.contentType).toBe("text/html; charset=utf-8");
    expect(reply.body).toContain("<h1>Hello world</h1>");
  });

  test("escapes what the client sends", async () => {
    const name = encodeURIComponent(`"><script>alert('&')</script>`);
    const { body } = await ask("GET", `/page?name=${name}`);
    const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
    expect(body).not.toContain("<script>");
    expect(body).toContain(`<h1>Hello ${escaped}</h1>`);
    expect(body).toContain(`value="${escaped}"`);
  });
});

describe("status", () => {
  test("is plain text", async () => {
    const reply = await ask("GET", "/status");
    expect(reply.contentType).toBe("text/plain; charset=utf-8");
    expect(reply.body).toBe("ok\napp acme-my-app\nenvironment testing\n");
    expect(reply.headers).toEqual([["cache-control", "no-store"]]);
  });
});

describe("quotes", () => {
  const desks = { item: "desk", quantity: 2, totalCents: 49_800, currency: "EUR" };

  test("reads query parameters", async () => {
    expect((await ask("GET", "/quotes?item=desk&quantity=2")).json).toEqual(desks);
  });

  test("reads a JSON body", async () => {
    const body = JSON.stringify({ item: "desk", quantity: 2 });
    expect((await ask("POST", "/quotes", { body })).json).toEqual(desks);
  });

  test.each(["", "?item=desk", "?item=sofa&quantity=1", "?item=desk&quantity=0"])(
    "refuses %p",
    async (query) => {
      const { status, json } = await ask("GET", `/quotes${query}`);
      expect(status).toBe(422);
      expect(json).toEqual({ message: expect.stringContaining("must be") });
    },
  );
});

describe("orders", () => {
  const draft = JSON.stringify({ item: "lamp", quantity: 3 });

  test("lists, filters and finds orders", async () => {
    const desk = { id: "1", item: "desk", quantity: 2 };
    expect((await ask("GET", "/orders?item=desk", { headers: kiosk })).json).toEqual({
      orders: [desk],
    });
    expect((await ask("GET", "/orders?id=1", { headers: kiosk })).json).toEqual(desk);
    expect((await ask("GET", "/orders?id=none", { headers: kiosk })).status).toBe(404);
  });

  test("sends a file for a spreadsheet", async () => {
    const reply = await ask("GET", "/orders?format=csv&item=chair", { headers: kiosk });
    expect(reply.contentType).toBe("text/plain; charset=utf-8");
    expect(reply.headers).toEqual([["content-disposition", 'attachment; filename="orders.csv"']]);
    expect(reply.body).toBe("id,item,quantity\r\n2,chair,8\r\n");
  });

  test("places an order once, however many attempts its request takes", async () => {
    const first = await ask("POST", "/orders", { headers: portal, body: draft });
    const second = await ask("POST", "/orders", { headers: portal, body: draft, attempt: 2 });
    const id = "0".repeat(32);
    expect(first).toMatchObject({ status: 201, headers: [["location", `/orders?id=${id}`]] });
    expect(first.json).toEqual({ id, item: "lamp", quantity: 3 });
    expect(second.json).toEqual(first.json);
    const lamps = await ask("GET", "/orders?item=lamp", { headers: portal });
    expect(lamps.json).toEqual({ orders: [first.json] });
  });

  test("removes an order", async () => {
    const body = JSON.stringify({ item: "chair", quantity: 1 });
    const requestId = "f".repeat(32);
    await ask("POST", "/orders", { headers: portal, body, requestId });
    const path = `/orders?id=${requestId}`;
    expect(await ask("DELETE", path, { headers: portal })).toMatchObject({ status: 204, body: "" });
    expect((await ask("DELETE", path, { headers: portal })).status).toBe(404);
  });

  test.each(["[]", "null", "7", '{"item":"sofa","quantity":"3"}', '{"quantity":1.5}', ""])(
    "says what is wrong with %p",
    async (body) => {
      const { status, json } = await ask("POST", "/orders", { headers: portal, body });
      expect(status).toBe(422);
      const problems = { item: expect.any(String), quantity: expect.any(String) };
      expect(json).toEqual({ message: "Invalid order", problems });
    },
  );

  test("lets a client without the right to write read only", async () => {
    const { status, json } = await ask("POST", "/orders", { headers: kiosk, body: draft });
    expect(status).toBe(403);
    expect(json).toEqual({ message: "Acme Kiosk may only read" });
    expect((await ask("GET", "/orders")).status).toBe(401);
  });
});

describe("report", () => {
  test("stops where its signal has aborted", async () => {
    const signal = AbortSignal.abort();
    const { json } = await ask("GET", "/report", { headers: kiosk, signal });
    expect(json).toEqual({ isComplete: false, stock: {} });
  });
});

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly attempt?: number;
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

/** What came back, its body as text and, where it is JSON, as a value. */
interface Answer extends Reply {
  readonly json: unknown;
}

/** Runs the handler of a sample task as a worker does, without processes and sockets. */
async function ask(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const call = toCall(method, { path, options });
  const { tasks } = await readManifest(folder);
  const module = await loadTask(
    join(folder, tasks.find(({ name }) => name === call.task)?.file ?? ""),
  );
  const signal = options.signal ?? new AbortController().signal;
  const result = await runTask(module, call, {
    hostname: "acme-my-app-testing",
    environment: "testing",
    app: "acme-my-app",
    signal: () => signal,
    began() {},
  });
  if (result.kind === "failed") throw new Error(result.failure.message);
  const { reply } = result;
  const isJson = reply.contentType?.startsWith("application/json") === true;
  return { ...reply, json: isJson ? JSON.parse(String(reply.body)) : undefined };
}

function toCall(method: string, { path, options }: { path: string; options: AskOptions }): Call {
  const url = new URL(path, origin);
  return {
    requestId: options.requestId ?? "0".repeat(32),
    traceId: "1".repeat(32),
    firstTraceId: "1".repeat(32),
    attempt: options.attempt ?? 1,
    task: url.pathname.slice(1),
    method,
    url: url.href,
    headers: { host: url.host, "content-type": "application/json", ...options.headers },
    deadlineMs: Date.now() + 60_000,
    body: options.body === undefined ? undefined : new TextEncoder().encode(options.body),
  };
}
