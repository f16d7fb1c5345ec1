import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toParams } from "../../runtime/task/params.ts";
import { callOf, postOf } from "./support.ts";

function queryParams(query: string) {
  return toParams(callOf({ url: `http://acme.localhost/hello${query}` }), null);
}

function bodyParams(body: string, contentType?: string, query = "") {
  const headers: Record<string, string> = contentType ? { "content-type": contentType } : {};
  return toParams(postOf(body, { headers, url: `http://acme.localhost/hello${query}` }), body);
}

describe("toParams() of a query", () => {
  test("is an ordinary empty object without one", () => {
    for (const query of ["", "?"]) {
      expect(queryParams(query)).toEqual({});
      expect(Object.getPrototypeOf(queryParams(query))).toBe(Object.prototype);
    }
  });

  test("has each parameter as a string, and a repeated one as an array", () => {
    expect(queryParams("?a=1&b=x+y&c&a=2&a=%C3%A9")).toEqual({
      a: ["1", "2", "é"],
      b: "x y",
      c: "",
    });
  });

  test("survives a malformed percent-escape", () => {
    expect(queryParams("?a=%zz&b=%&%E0%A4%A=1")["a"]).toBe("%zz");
  });

  test("drops __proto__ and pollutes no prototype", () => {
    const params = queryParams(
      "?__proto__=1&__proto__=2&constructor=a&hasOwnProperty=b&toString=c",
    );
    expect(Object.entries(params)).toEqual([
      ["constructor", "a"],
      ["hasOwnProperty", "b"],
      ["toString", "c"],
    ]);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  });

  test("has every value of any query", () => {
    const pairs = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string()));
    fc.assert(fc.property(pairs, (pairs) => {
      const search = new URLSearchParams(pairs);
      const params = queryParams(`?${search}`);
      for (const name of search.keys()) {
        if (name === "__proto__") continue;
        expect([params[name]].flat()).toEqual(search.getAll(name));
      }
      expect(Object.keys(params).length).toBe(
        new Set([...search.keys()].filter((name) => name !== "__proto__")).size,
      );
    }));
  });
});

describe("toParams() of a body", () => {
  test("has its members, which win over the query", () => {
    expect(bodyParams('{"a":{"x":1},"b":null}', "application/json", "?a=1&c=2")).toEqual({
      a: { x: 1 },
      b: null,
      c: "2",
    });
  });

  test.each([
    "application/json",
    "Application/JSON; charset=utf-8",
    " application/json ;x=y",
    "application/vnd.api+json",
    "application/problem+JSON; a=b",
  ])("merges %j", (contentType) => {
    expect(bodyParams('{"a":1}', contentType)).toEqual({ a: 1 });
  });

  test.each([
    undefined,
    "",
    "text/plain",
    "application/jsonp",
    "application/json-seq",
    "text/x+jsonx",
    "application/xml; a=application/json",
    "+json",
  ])("does not merge %j", (contentType) => {
    expect(bodyParams('{"a":1}', contentType, "?q=1")).toEqual({ q: "1" });
  });

  test.each(["[1]", "1", '"x"', "null", "true"])("does not merge %s", (body) => {
    expect(bodyParams(body, "application/json", "?q=1")).toEqual({ q: "1" });
  });

  test("leaves the query alone when it is not JSON", () => {
    expect(bodyParams('{"a":1', "application/json", "?q=1")).toEqual({ q: "1" });
  });

  test.each(["", "?q=1"])("drops a member __proto__ (query %j)", (query) => {
    const params = bodyParams('{"__proto__":{"admin":true},"a":1}', "application/json", query);
    expect(Object.hasOwn(params, "__proto__")).toBe(false);
    expect(params["admin"]).toBeUndefined();
    expect(params["a"]).toBe(1);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  });

  test("has every other member of any JSON object unharmed", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    fc.assert(fc.property(object, (object) => {
      const json = JSON.stringify(object);
      const expected = JSON.parse(json);
      delete expected["__proto__"];
      expect(bodyParams(json, "application/json")).toEqual(expected);
    }));
  });
});
