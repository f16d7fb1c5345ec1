import { describe, expect, test } from "bun:test";
import { toTaskModule } from "../../runtime/task/load.ts";
import { runTask } from "../../runtime/task/run.ts";
import type { HandlerArguments, TaskContext } from "../../runtime/task/types.ts";
import { authenticate, callOf, describeFailure, postOf, replyOf, run, scopeOf } from "./support.ts";

const invalidJson = ({ request }: HandlerArguments) => request.json();

describe("runTask()", () => {
  test("runs the handler of the method", async () => {
    const handlers = Object.fromEntries(
      ["get", "post", "put", "patch", "delete", "head", "options"].map((name) => [
        name,
        ({ response }: HandlerArguments) => void response.header("x-ran", name),
      ]),
    );
    for (const name of Object.keys(handlers)) {
      const reply = replyOf(await run(handlers, callOf({ method: name.toUpperCase() })));
      expect(reply.headers).toEqual([["x-ran", name]]);
    }
  });

  test("runs del for DELETE", async () => {
    const result = await run({ del: () => "gone" }, callOf({ method: "DELETE" }));
    expect(replyOf(result).body).toBe("gone");
  });

  test("runs get for HEAD and drops the body only: its length stays", async () => {
    const get = ({ response }: HandlerArguments) => response.status(203).header("x-a", "1") && "é";
    expect(replyOf(await run({ get }, callOf({ method: "HEAD" })))).toEqual({
      status: 203,
      contentType: "text/plain; charset=utf-8",
      headers: [["x-a", "1"], ["content-length", "2"]],
      body: "",
    });
  });

  test("gives HEAD no length of a body that is not there", async () => {
    const get = ({ response }: HandlerArguments) => void response.status(204);
    expect(replyOf(await run({ get }, callOf({ method: "HEAD" }))).headers).toBeUndefined();
  });

  test("prefers head for HEAD, and its answer has no body either", async () => {
    const head = ({ request }: HandlerArguments) => request.method;
    const result = await run({ get: () => ({}), head }, callOf({ method: "HEAD" }));
    expect(replyOf(result)).toMatchObject({ contentType: "text/plain; charset=utf-8", body: "" });
  });

  test("awaits promises and other thenables", async () => {
    const then = (resolve: (value: unknown) => void) => resolve("later");
    expect(replyOf(await run({ get: () => ({ then }) })).body).toBe("later");
    expect(replyOf(await run({ get: async () => await Promise.resolve("async") })).body).toBe(
      "async",
    );
  });

  test("gives authenticate and the handler one context, also as `this`", async () => {
    const seen: unknown[] = [];
    await run({
      authenticate(this: TaskContext, context: TaskContext) {
        seen.push(this, context);
        return this.access.authorized("me");
      },
      get(this: TaskContext, context: TaskContext) {
        seen.push(this, context);
        return this.authContext;
      },
    });
    expect(new Set(seen).size).toBe(1);
  });
});

describe("runTask() of a task that cannot run", () => {
  test("fails without authenticate", async () => {
    const module = toTaskModule({ get: () => "x" }, "/app/hello.ts");
    expect(describeFailure(await runTask(module, callOf(), scopeOf()))).toBe(
      'authenticate_missing: Cannot run task "hello": missing export "authenticate": add it',
    );
  });

  test("fails without a handler, before authenticate runs", async () => {
    let ran = false;
    const exports = { post: () => "x", authenticate: () => ran = true };
    expect(describeFailure(await run(exports))).toBe(
      'handler_missing: Cannot run task "hello": no handler for GET',
    );
    expect(ran).toBe(false);
  });

  test("fails with the reason of a broken module", async () => {
    const module = toTaskModule({ get: 5 }, "/app/hello.ts");
    expect(describeFailure(await runTask(module, callOf(), scopeOf()))).toStartWith("load_failed:");
  });
});

describe("runTask() of a task that throws", () => {
  const throws = (thrown: unknown) => () => {
    throw thrown;
  };

  test("fails with the author's error, of authenticate", async () => {
    const result = await run({ authenticate: throws(new Error("boom")), get: () => "x" });
    expect(describeFailure(result)).toBe(
      'authenticate_failed: Cannot run authenticate of task "hello": Error: boom',
    );
  });

  test("fails with the author's error, of the handler, thrown or rejected", async () => {
    const message = 'handler_failed: Cannot run the GET handler of task "hello": Error: boom';
    expect(describeFailure(await run({ get: throws(new Error("boom")) }))).toBe(message);
    const rejects = () => Promise.reject(new Error("boom"));
    expect(describeFailure(await run({ get: rejects }))).toBe(message);
  });

  test("survives any thrown value", async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const thrown of [null, undefined, "x", 0, Symbol("s"), {}, revoked.proxy]) {
      expect(describeFailure(await run({ get: throws(thrown) }))).toStartWith("handler_failed: ");
      expect(describeFailure(await run({ authenticate: throws(thrown), get: () => 1 })))
        .toStartWith(
          "authenticate_failed: ",
        );
    }
  });

  test("survives a thenable that throws", async () => {
    const get = () => ({
      get then() {
        throw new Error("boom");
      },
    });
    expect(describeFailure(await run({ get }))).toContain("Error: boom");
  });
});

describe("An InvalidJsonError", () => {
  test("that leaves a handler tells the client the position", async () => {
    const result = await run({ post: invalidJson }, postOf('{"a":\n  secret}'));
    if (result.kind !== "failed") throw new Error("Cannot go on: the run replied");
    expect(result.failure).toMatchObject({
      code: "invalid_json",
      publicMessage: 'Cannot parse the request body as JSON: unexpected "s" at line 2, column 3',
    });
  });

  test("that the handler catches changes nothing", async () => {
    const post = ({ request }: HandlerArguments) => {
      try {
        return request.json();
      } catch (error) {
        return error instanceof Error ? error.name : undefined;
      }
    };
    expect(replyOf(await run({ post }, postOf("{"))).body).toBe("InvalidJsonError");
  });

  test("that leaves authenticate is a failure of authenticate", async () => {
    const result = await run({ authenticate: invalidJson, post: () => "x" }, postOf("{"));
    expect(describeFailure(result)).toStartWith("authenticate_failed: ");
  });

  test("of the author's own making is a failure of the handler", async () => {
    const own = Object.assign(new SyntaxError("secret"), { name: "InvalidJsonError" });
    const result = await run({ get: () => Promise.reject(own) });
    expect(result).toMatchObject({
      failure: { code: "handler_failed", publicMessage: undefined },
    });
  });
});

describe("TaskContext", () => {
  test("has params of query and body, one object for authenticate and handler", async () => {
    const result = await run({
      authenticate: ({ access, params }: TaskContext) => {
        params["user"] = "Ada";
        return access.authorized();
      },
      post: ({ params }: TaskContext) => params,
    }, postOf('{"a":1}', { url: "http://acme.localhost/hello?q=x" }));
    expect(replyOf(result).body).toBe('{"q":"x","a":1,"user":"Ada"}');
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "has the members of the body of %s in params",
    async (method) => {
      const handler = ({ params }: TaskContext) => params;
      const result = await run({ [method.toLowerCase()]: handler }, postOf('{"a":1}', { method }));
      expect(replyOf(result).body).toBe('{"a":1}');
    },
  );

  test("has the query alone in params for GET, which has no body to a task", async () => {
    const call = postOf('{"a":1}', { method: "GET", url: "http://acme.localhost/hello?q=1" });
    expect(replyOf(await run({ get: ({ params }: TaskContext) => params }, call)).body).toBe(
      '{"q":"1"}',
    );
  });

  test("has params that changes to request.json() do not reach", async () => {
    const post = ({ request }: TaskContext) => {
      Object.assign(Object(request.json()), { list: "changed" });
    };
    const authenticate = (context: TaskContext) => {
      post(context);
      return context.access.authorized();
    };
    const handler = ({ params }: TaskContext) => params;
    const result = await run({ authenticate, post: handler }, postOf('{"list":[1]}'));
    expect(replyOf(result).body).toBe('{"list":[1]}');
  });

  test("has the signal of the scope, asked for only when it is named", async () => {
    const { signal } = new AbortController();
    let asked = 0;
    const scope = { ...scopeOf(), signal: () => (asked++, signal) };
    const exports = {
      authenticate,
      get: () => 1,
      post: ({ signal }: TaskContext) => signal.aborted,
    };
    const module = toTaskModule(exports, "/app/hello.ts");
    await runTask(module, callOf(), scope);
    expect(asked).toBe(0);
    await runTask(module, callOf({ method: "POST" }), scope);
    expect(asked).toBe(1);
  });

  test("has the facts of the invocation", async () => {
    const get = ({ invocation }: TaskContext) => invocation;
    expect(JSON.parse(String(replyOf(await run({ get })).body))).toEqual({
      traceId: "fedcba9876543210fedcba9876543210",
      requestId: "0123456789abcdef0123456789abcdef",
      attempt: 1,
      deadline: "2023-11-14T22:13:20.000Z",
      hostname: "acme",
      environment: "testing",
      app: "acme-app",
      task: "hello",
    });
  });
});
