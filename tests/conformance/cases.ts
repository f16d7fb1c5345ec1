import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STATUS_CODES } from "node:http";
import {
  type Answer,
  type RequestOptions,
  type ServerOptions,
  startServer,
  type TestServer,
} from "./server.ts";
import { targets } from "./targets.ts";

const hookTimeoutMs = 60_000;
const idPattern = /^[0-9a-f]{32}$/;

/** A request and the answer that every target must give. */
export interface HttpCase extends RequestOptions {
  /** Completes the test's name. */
  readonly does: string;
  readonly path: string;
  readonly expect: Expectation;
}

/** What an answer must be; what is left out is not looked at. */
export interface Expectation {
  readonly status: number;
  /** The body as JSON. */
  readonly json?: unknown;
  /** Members the JSON body has among others. */
  readonly jsonWith?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  /** Header values; `undefined` for a header that must be absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | undefined>>;
  /**
   * The answer is the gateway's own: nothing but the reason phrase and the identifiers.
   * "before" a task ran there is no trace; "after" it there is one.
   */
  readonly error?: "before" | "after";
}

/**
 * Defines tests that run on every target, each with a server that the tests of this block share.
 * The last of them stops the server and fails when a process of it is left.
 */
export function conformance(
  title: string,
  options: ServerOptions,
  define: (server: () => TestServer) => void,
): void {
  for (const target of targets) {
    describe(`${target.name}: ${title}`, () => {
      let running: TestServer | undefined;
      const server = () => {
        if (!running) throw new Error("Cannot use the server: it did not start");
        return running;
      };
      beforeAll(async () => {
        running = await startServer(target, options);
      }, hookTimeoutMs);
      afterAll(async () => await running?.stop(), hookTimeoutMs);
      define(server);
      test("stops and leaves no process behind", async () => await server().stop());
    });
  }
}

/** Defines a test per row. */
export function checkCases(server: () => TestServer, cases: readonly HttpCase[]): void {
  for (const row of cases) {
    test(row.does, async () => {
      const { path, expect: expected, does: _, ...request } = row;
      expectAnswer(await server().fetch(path, request), expected);
    });
  }
}

/** Compares an answer with what was expected of it. */
export function expectAnswer(answer: Answer, expected: Expectation): void {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: expected.status });
  if (expected.error) expectGatewayError(answer, expected.error);
  if (expected.text !== undefined) expect(answer.text).toBe(expected.text);
  if ("json" in expected) expect(JSON.parse(answer.text)).toEqual(expected.json);
  if (expected.jsonWith) expect(JSON.parse(answer.text)).toMatchObject(expected.jsonWith);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const actual = answer.headers.get(name) ?? undefined;
    if (value instanceof RegExp) expect(actual ?? "").toMatch(value);
    else expect({ [name]: actual }).toEqual({ [name]: value });
  }
  expect(answer.headers.get("x-request-id")).toMatch(idPattern);
}

function expectGatewayError(answer: Answer, when: "before" | "after"): void {
  const requestId = answer.headers.get("x-request-id");
  const traceId = answer.headers.get("x-trace-id");
  const body = { message: STATUS_CODES[answer.status], requestId };
  expect(JSON.parse(answer.text)).toEqual(when === "before" ? body : { ...body, traceId });
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  if (when === "before") expect(traceId).toBeNull();
  else expect(traceId).toMatch(idPattern);
}
