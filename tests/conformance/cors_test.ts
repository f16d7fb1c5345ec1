import { checkCases, conformance, type HttpCase } from "./cases.ts";

const origin = "https://app.example";
const absent = { "access-control-allow-origin": undefined };

function preflight(
  path: string,
  headers: Record<string, string>,
): Omit<HttpCase, "does" | "expect"> {
  return {
    path,
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "GET", ...headers },
  };
}

const anyOrigin: readonly HttpCase[] = [
  {
    does: "answers a preflight",
    ...preflight("/cors_any", {}),
    expect: {
      status: 204,
      text: "",
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": /\bGET\b/,
        "x-trace-id": undefined,
      },
    },
  },
  {
    does: "marks an answer",
    path: "/cors_any",
    headers: { origin },
    expect: { status: 200, text: "any", headers: { "access-control-allow-origin": "*" } },
  },
  ...[
    { path: "/cors_any?deny=1", status: 401 },
    { path: "/cors_any", method: "PUT", status: 405 },
    { path: "/cors_any", method: "POST", body: "a,b", type: "text/csv", status: 415 },
    { path: "/cors_any?how=throws", status: 500 },
    { path: "/cors_any?how=waits", status: 504 },
  ].map(({ status, type, ...request }) => ({
    ...request,
    does: `marks a ${status}`,
    headers: { origin, ...(type === undefined ? {} : { "content-type": type }) },
    expect: { status, headers: { "access-control-allow-origin": "*" } },
  })),
];

const listedOrigins: readonly HttpCase[] = [
  {
    does: "answers a preflight of a listed origin",
    ...preflight("/cors_listed", { "access-control-request-headers": "x-token" }),
    expect: {
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": /GET, ?POST/,
        "access-control-allow-headers": /Content-Type, ?X-Token/i,
        "access-control-max-age": "600",
        vary: /\bOrigin\b/i,
      },
    },
  },
  {
    does: "gives a preflight of another origin no permission",
    ...preflight("/cors_listed", { origin: "https://evil.example" }),
    expect: { status: 204, headers: { ...absent, vary: /\bOrigin\b/i } },
  },
  {
    does: "marks an answer to a listed origin",
    path: "/cors_listed",
    headers: { origin: "https://other.example" },
    expect: {
      status: 200,
      text: "listed",
      headers: {
        "access-control-allow-origin": "https://other.example",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": /^X-Total$/i,
        "x-total": "7",
        vary: /\bOrigin\b/i,
      },
    },
  },
  {
    does: "does not mark an answer to another origin",
    path: "/cors_listed",
    headers: { origin: "https://evil.example" },
    expect: { status: 200, headers: { ...absent, vary: /\bOrigin\b/i } },
  },
  {
    does: "does not take an origin for its beginning",
    path: "/cors_listed",
    headers: { origin: `${origin}.evil.example` },
    expect: { status: 200, headers: absent },
  },
  {
    does: "varies by origin when none was sent",
    path: "/cors_listed",
    expect: { status: 200, headers: { vary: /\bOrigin\b/i } },
  },
];

const withoutCors: readonly HttpCase[] = [
  {
    does: "is off by default",
    path: "/hello",
    headers: { origin },
    expect: { status: 200, headers: absent },
  },
  {
    does: "leaves OPTIONS of a task without it alone",
    ...preflight("/hello", {}),
    expect: { status: 204, headers: { ...absent, allow: "GET, HEAD, OPTIONS" } },
  },
  {
    does: "does not mark a 404",
    path: "/missing",
    headers: { origin },
    expect: { status: 404, headers: absent },
  },
];

conformance("CORS", {}, (server) => {
  checkCases(server, anyOrigin);
  checkCases(server, listedOrigins);
  checkCases(server, withoutCors);
});
