import { describe, expect, test } from "bun:test";
import { readPath } from "../../runtime/gateway/path.ts";

const origin = "http://acme.localhost:8787";

describe("readPath()", () => {
  test.each([
    ["/hello", "hello"],
    ["/hello/", "hello"],
    ["/Hello_World-2", "Hello_World-2"],
    ["/hello?name=x", "hello"],
    ["/hello/?a=/b", "hello"],
    ["/hello#part", "hello"],
    ["/a/../hello", "hello"],
    ["/a/%2e%2e/hello", "hello"],
    ["/./hello", "hello"],
    ["/hello/x/..", "hello"],
    ["/a\\..\\hello", "hello"],
    [`/${"a".repeat(64)}`, "a".repeat(64)],
  ])("finds the task of %s", (target, task) => {
    expect(readPath(origin + target).task).toBe(task);
  });

  test.each([
    "",
    "/",
    "?x=/hello",
    "?/hello",
    "#/hello",
    "/?x=/hello",
    "//hello",
    "/hello//",
    "/hello/world",
    "/%68ello",
    "/hello%2F",
    "/hello%00",
    "/hello.ts",
    "/_hello",
    "/1hello",
    "/hello world",
    "/héllo",
    "/..",
    `/${"a".repeat(65)}`,
  ])("finds no task in %p", (target) => {
    expect(readPath(origin + target).task).toBeUndefined();
  });

  test.each([
    [`${origin}/hello?a=1&b=%20`, "/hello", "?a=1&b=%20"],
    [`${origin}/hello?`, "/hello", "?"],
    [`${origin}/hello?a=?b#c?d`, "/hello", "?a=?b"],
    [`${origin}/hello#c?d`, "/hello", ""],
    [`${origin}/a/../hello/?x`, "/hello/", "?x"],
    ["https://acme.localhost", "/", ""],
    ["https://acme.localhost?x=/hello", "/", "?x=/hello"],
    // Without a Host the runtime hands over the target alone.
    ["/hello?x", "/hello", "?x"],
    ["/", "/", ""],
    ["*", "/", ""],
  ])("takes %s apart", (url, path, query) => {
    expect(readPath(url)).toMatchObject({ path, query });
  });
});
