import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CallRequest } from "../../runtime/task/request.ts";
import { callOf, postOf } from "./support.ts";

describe("CallRequest", () => {
  const url = "https://Acme.example.com:8443/my_task?a=1&a=2&b=%20#";
  const headers = { host: "acme.example.com:8443", authorization: "Bearer abc", cookie: "" };
  const request = new CallRequest(callOf({ url, headers }), "acme");

  test("has functions that work without it", () => {
    const { json, text, header } = new CallRequest(postOf('{"a":1}', { headers }), "acme");
    expect([json(), text(), header("Authorization")]).toEqual([{ a: 1 }, '{"a":1}', "Bearer abc"]);
  });

  test("has the method in upper case", () => {
    expect(request.method).toBe("GET");
  });

  test("has a real URL whose href is the full public URL", () => {
    expect(request.url).toBeInstanceOf(URL);
    expect(request.url.href).toBe("https://acme.example.com:8443/my_task?a=1&a=2&b=%20#");
    expect(request.url).toBe(request.url);
  });

  test("has real Headers", () => {
    expect(request.headers).toBeInstanceOf(Headers);
    expect(request.headers.get("Authorization")).toBe("Bearer abc");
  });

  test("has the host name without port, and the deployment's hostname as subdomain", () => {
    expect(request.hostname).toBe("acme.example.com");
    expect(request.subdomain).toBe("acme");
  });

  test("keeps the brackets of an IPv6 host name", () => {
    expect(new CallRequest(callOf({ url: "http://[::1]:8787/x" }), "acme").hostname).toBe("[::1]");
  });

  test("has real URLSearchParams", () => {
    expect(request.searchParams).toBeInstanceOf(URLSearchParams);
    expect(request.searchParams.getAll("a")).toEqual(["1", "2"]);
  });

  test("has the path without host name and query", () => {
    expect(request.path).toBe("/my_task");
  });

  test("header() finds a header in any case, and undefined when absent", () => {
    expect(request.header("AUTHORIZATION")).toBe("Bearer abc");
    expect(request.header("cookie")).toBe("");
    expect(request.header("x-absent")).toBeUndefined();
    expect(request.header("constructor")).toBeUndefined();
    expect(request.header("__proto__")).toBeUndefined();
  });

  test("header() sees what came, whatever is done to `headers`", () => {
    const request = new CallRequest(callOf({ headers }), "acme");
    request.headers.set("authorization", "changed");
    expect(request.header("authorization")).toBe("Bearer abc");
  });
});

describe("CallRequest.json()", () => {
  test("is synchronous, can be awaited, and is the same value each time", async () => {
    const request = new CallRequest(postOf('{"a":[1]}'), "acme");
    expect(request.json()).toEqual({ a: [1] });
    expect(await request.json()).toBe(request.json());
  });

  test.each(["GET", "HEAD"])("is null for %s", (method) => {
    expect(new CallRequest(callOf({ method, body: "{}" }), "acme").json()).toBeNull();
  });

  test("is null for an empty body", () => {
    expect(new CallRequest(callOf({ method: "POST" }), "acme").json()).toBeNull();
    expect(new CallRequest(postOf(""), "acme").json()).toBeNull();
    expect(new CallRequest(postOf("\ufeff"), "acme").json()).toBeNull();
  });

  test("does not look at the content type", () => {
    const call = postOf("[1]", { headers: { "content-type": "text/plain" } });
    expect(new CallRequest(call, "acme").json()).toEqual([1]);
  });

  test("throws InvalidJsonError with the position, each time", () => {
    const request = new CallRequest(postOf("\ufeff{\n  x}"), "acme");
    for (const _ of [1, 2]) {
      expect(() => request.json()).toThrow('unexpected "x" at line 2, column 3');
    }
  });

  test("brings any JSON value through unharmed", () => {
    fc.assert(fc.property(fc.json(), (body) => {
      expect(new CallRequest(postOf(body), "acme").json()).toEqual(JSON.parse(body));
    }));
  });
});

describe("CallRequest.text()", () => {
  test("is the body as a string without a leading byte order mark", () => {
    expect(new CallRequest(postOf("\ufeffgr\u00fc\u00df \ufeff"), "acme").text()).toBe(
      "grüß \ufeff",
    );
  });

  test.each(["GET", "HEAD"])("is null for %s", (method) => {
    expect(new CallRequest(callOf({ method, body: "x" }), "acme").text()).toBeNull();
  });

  test("is the empty string for an empty body", () => {
    expect(new CallRequest(callOf({ method: "POST" }), "acme").text()).toBe("");
  });

  test("brings any text through unharmed", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(new CallRequest(postOf(text), "acme").text()).toBe(text.replace(/^\ufeff/, ""));
    }));
  });
});
