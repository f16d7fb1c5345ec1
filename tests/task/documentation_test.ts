import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import type {
  Authenticate,
  Handler,
  InvalidJsonError,
  TaskRequest,
  WebTask,
} from "../../runtime/task/types.ts";
import { callOf, postOf, replyOf, run } from "./support.ts";

const clients = new Map([["abc", { name: "Ada" }]]);

const authenticate: Authenticate = ({ request, access }) => {
  const match = /^Bearer (\w+)$/.exec(request.header("Authorization") ?? "");
  const client = clients.get(match?.[1] ?? "");
  return client === undefined ? access.unauthorized() : access.authorized(client);
};

const post: Handler<{ name: string }> = ({ authContext }) => ({ user: authContext.name });

describe("The examples of the documentation", () => {
  test("answer hello world", async () => {
    const task = {
      authenticate: ({ access }) => access.authorized(),
      get: () => ({ hello: "world" }),
    } satisfies WebTask;
    expect(replyOf(await run(task))).toEqual({
      status: 200,
      contentType: "application/json",
      headers: undefined,
      body: '{"hello":"world"}',
    });
  });

  test("let a client with a token in, and no other", async () => {
    const task: WebTask<{ name: string }> = { authenticate, post };
    const known = postOf("{}", { headers: { authorization: "Bearer abc" } });
    expect(replyOf(await run({ ...task }, known)).body).toBe('{"user":"Ada"}');
    for (const headers of [{}, { authorization: "Bearer xyz" }, { authorization: "abc" }]) {
      expect(replyOf(await run({ ...task }, callOf({ method: "POST", headers }))).status).toBe(401);
    }
  });
});

describe("The types of an author", () => {
  test("are one text that can stand in a `declare module`", async () => {
    const text = await readFile(new URL("../../runtime/task/types.ts", import.meta.url), "utf8");
    expect(text).not.toMatch(/^import |^export (?!interface|type)|\bdeclare\b/m);
  });

  test("say what an InvalidJsonError holds", () => {
    const line = (error: InvalidJsonError, request: TaskRequest) => error.line + request.path;
    expect(line).toBeFunction();
  });
});
