import { expect, test } from "bun:test";
import { allowedMethods, isAllowed } from "../../runtime/gateway/methods.ts";
import type { HandlerMethod, TaskShape } from "../../runtime/protocol/call.ts";
import { failureOf } from "../invocation/support.ts";

function shapeOf(...methods: HandlerMethod[]): TaskShape {
  return { kind: "loaded", methods, hasAuthenticate: true };
}

const broken: TaskShape = { kind: "broken", failure: failureOf("Cannot load") };

test.each([
  ["GET", shapeOf("GET"), true],
  ["HEAD", shapeOf("GET"), true],
  ["HEAD", shapeOf("HEAD"), true],
  ["GET", shapeOf("HEAD"), false],
  ["HEAD", shapeOf("POST"), false],
  ["OPTIONS", shapeOf("GET"), false],
  ["OPTIONS", shapeOf("OPTIONS"), true],
  ["get", shapeOf("GET"), false],
  ["PROPFIND", shapeOf("GET"), false],
  ["GET", broken, false],
])("isAllowed() of %s with %j", (method, shape, isHandled) => {
  expect(isAllowed(shape, method)).toBe(isHandled);
});

test.each([
  [shapeOf("GET"), ["GET", "HEAD", "OPTIONS"]],
  [shapeOf("POST", "DELETE"), ["POST", "DELETE", "OPTIONS"]],
  [shapeOf("GET", "HEAD", "OPTIONS"), ["GET", "HEAD", "OPTIONS"]],
  [broken, []],
  [undefined, []],
])("allowedMethods() of %j", (shape, methods) => {
  expect(allowedMethods(shape)).toEqual(methods);
});
