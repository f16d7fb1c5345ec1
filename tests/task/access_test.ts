import { describe, expect, test } from "bun:test";
import type { AuthenticateArguments, HandlerArguments } from "../../runtime/task/types.ts";
import { describeFailure, replyOf, run } from "./support.ts";

type Decide = (args: AuthenticateArguments) => unknown;

function runWith(authenticate: Decide, get: (args: HandlerArguments) => unknown = () => "in") {
  return run({ authenticate, get });
}

async function failureWith(authenticate: Decide): Promise<string> {
  return describeFailure(await runWith(authenticate));
}

describe("access.authorized()", () => {
  test("makes its very argument the authContext", async () => {
    const client = { name: "Ada" };
    let seen: unknown;
    await runWith(({ access }) => access.authorized(client), ({ authContext }) => {
      seen = authContext;
    });
    expect(seen).toBe(client);
  });

  test("without an argument leaves authContext undefined", async () => {
    const get = ({ authContext }: HandlerArguments) => typeof authContext;
    const result = await runWith(({ access }) => access.authorized(), get);
    expect(replyOf(result).body).toBe("undefined");
  });

  test("decides by the result that is returned, not by the last that was made", async () => {
    const result = await runWith(({ access }) => {
      const yes = access.authorized("yes");
      access.unauthorized();
      return yes;
    });
    expect(replyOf(result).body).toBe("in");
  });
});

describe("access.unauthorized()", () => {
  test("answers 401 with a message, and the handler does not run", async () => {
    let ran = false;
    const result = await runWith(({ access }) => access.unauthorized(), () => {
      ran = true;
    });
    expect(replyOf(result)).toEqual({
      status: 401,
      contentType: "application/json",
      headers: undefined,
      body: '{"message":"Unauthorized"}',
    });
    expect(ran).toBe(false);
  });

  test("sends a string as text, with a status of its own", async () => {
    const result = await runWith(({ access }) => access.unauthorized({ status: 403, body: "No" }));
    expect(replyOf(result)).toMatchObject({
      status: 403,
      contentType: "text/plain; charset=utf-8",
      body: "No",
    });
  });

  test("sends another value as JSON", async () => {
    for (const body of [{ message: "No" }, null, false, [1]]) {
      const result = await runWith(({ access }) => access.unauthorized({ body }));
      expect(replyOf(result)).toMatchObject({
        status: 401,
        contentType: "application/json",
        body: JSON.stringify(body),
      });
    }
  });

  test("names the reason of a status without a body", async () => {
    const bodyFor = async (status: number) =>
      replyOf(await runWith(({ access }) => access.unauthorized({ status }))).body;
    expect(await bodyFor(403)).toBe('{"message":"Forbidden"}');
    expect(await bodyFor(400)).toBe('{"message":"Bad Request"}');
    expect(await bodyFor(599)).toBe('{"message":"Unauthorized"}');
  });

  test.each([399, 600, 200, 403.5, NaN, "403", null])("refuses status %p", async (status) => {
    const failure = await failureWith(({ access }) =>
      Reflect.apply(access.unauthorized, access, [{ status }])
    );
    expect(failure).toStartWith("authenticate_failed: Cannot run authenticate of task");
    expect(failure).toContain(`an integer from 400 to 599: got ${status}`);
  });

  test("refuses a body that JSON cannot hold", async () => {
    expect(await failureWith(({ access }) => access.unauthorized({ body: { id: 1n } }))).toContain(
      "Cannot send the body as JSON: $.id is a BigInt",
    );
    expect(await failureWith(({ access }) => access.unauthorized({ body: new Uint8Array(1) })))
      .toContain("Cannot send binary data as the body");
  });
});

describe("access", () => {
  test("has functions that work without it", async () => {
    const yes = await runWith(({ access: { authorized } }) => authorized("yes"));
    expect(replyOf(yes).body).toBe("in");
    const no = await runWith(({ access: { unauthorized } }) => unauthorized({ status: 403 }));
    expect(replyOf(no).status).toBe(403);
  });
});

describe("The result of authenticate", () => {
  const illegal: readonly (readonly [name: string, authenticate: Decide])[] = [
    ["undefined", () => undefined],
    ["null", () => null],
    ["true", () => true],
    ["a look-alike", () => ({ kind: "authorized" })],
    ["a copy", ({ access }) => ({ ...access.authorized() })],
    ["a structured clone", ({ access }) => structuredClone(access.authorized())],
    ["a proxy", ({ access }) => new Proxy(access.authorized(), {})],
    ["an heir", ({ access }) => Object.create(access.authorized())],
    ["a function of access", ({ access }) => access.authorized],
    ["access itself", ({ access }) => access],
  ];

  test.each(illegal)("is illegal when it is %s", async (_name, authenticate) => {
    expect(await failureWith(authenticate)).toStartWith("authenticate_illegal: ");
  });

  test("is illegal when it belongs to another invocation", async () => {
    let kept: unknown;
    await runWith(({ access }) => kept = access.authorized());
    expect(await failureWith(() => kept)).toStartWith("authenticate_illegal: ");
  });

  test("is illegal when it is a revoked proxy", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await failureWith(() => proxy)).toStartWith("authenticate_");
  });

  test("may come through a promise or another thenable", async () => {
    const viaPromise = await runWith(({ access }) => Promise.resolve(access.authorized()));
    expect(replyOf(viaPromise).body).toBe("in");
    const viaThenable = await runWith(({ access }) => ({
      then: (resolve: (value: unknown) => void) => resolve(access.authorized()),
    }));
    expect(replyOf(viaThenable).body).toBe("in");
  });
});
