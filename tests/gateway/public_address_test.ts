import { describe, expect, test } from "bun:test";
import { parseAddressSet } from "../../runtime/config/address_set.ts";
import type { RequestInfo } from "../../runtime/platform/platform.ts";
import { type PublicAddress, readPublicAddress } from "../../runtime/gateway/public_address.ts";

const proxies = parseAddressSet(["10.0.0.0/8"]);
const trustedProxies = proxies.kind === "good" ? proxies.value : undefined;

function read(
  headers: Record<string, string>,
  options: { peer?: string | undefined; host?: string | undefined; trust?: boolean } = {},
) {
  const { peer = "10.1.2.3", trust = true } = options;
  const host = "host" in options ? options.host : "inner.localhost";
  const info: RequestInfo = {
    host: () => host,
    clientAddress: () => peer,
    recordedAddress: () => "127.0.0.1",
    waiting() {},
    answering() {},
  };
  return readPublicAddress(headers, info, {
    scheme: "http",
    trustedProxies: trust ? trustedProxies : undefined,
  });
}

const direct: PublicAddress = {
  scheme: "http",
  host: "inner.localhost",
  requestId: undefined,
  client: "10.1.2.3",
};
const forged = {
  forwarded: "proto=https;host=outer.localhost",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "outer.localhost",
  "x-forwarded-for": "203.0.113.7",
  "x-request-id": "abc",
};

describe("readPublicAddress()", () => {
  test("believes headers of a trusted proxy only", () => {
    expect(read(forged)).toEqual({
      scheme: "https",
      host: "outer.localhost",
      requestId: "abc",
      client: "203.0.113.7",
    });
    for (const peer of ["11.0.0.1", "not an address"]) {
      expect(read(forged, { peer })).toEqual({ ...direct, client: peer });
    }
    // Nobody has had to ask.
    expect(read(forged, { trust: false })).toEqual({ ...direct, client: undefined });
  });

  test("trusts no peer without an address", () => {
    const info = { host: () => "inner.localhost", clientAddress: () => undefined };
    const recordedAddress = () => undefined;
    const silent = { ...info, recordedAddress, waiting() {}, answering() {} };
    expect(readPublicAddress(forged, silent, { scheme: "http", trustedProxies }))
      .toEqual({ ...direct, client: undefined });
  });

  const rows: readonly (readonly [headers: Record<string, string>, address: PublicAddress])[] = [
    [{}, direct],
    [{ "x-forwarded-proto": "https" }, { ...direct, scheme: "https" }],
    [{ "x-forwarded-proto": "HTTPS, http" }, { ...direct, scheme: "https" }],
    [{ "x-forwarded-proto": "wss" }, direct],
    [{ "x-forwarded-host": "a.localhost, b.localhost" }, { ...direct, host: "a.localhost" }],
    [{ "x-forwarded-host": "" }, direct],
    [
      { forwarded: "for=1.2.3.4; Proto=https ;by=x" },
      { ...direct, scheme: "https", client: "1.2.3.4" },
    ],
    [{ forwarded: 'for="[2001:db8::1]:4711"' }, { ...direct, client: "2001:db8::1" }],
    [{ forwarded: "for=_hidden" }, direct],
    [{ forwarded: "for=unknown" }, direct],
    [{ "x-forwarded-for": "1.2.3.4" }, { ...direct, client: "1.2.3.4" }],
    [{ "x-forwarded-for": "6.6.6.6, 1.2.3.4:80 , 10.0.0.7" }, { ...direct, client: "1.2.3.4" }],
    [{ "x-forwarded-for": "10.0.0.8,10.0.0.7" }, { ...direct, client: "10.0.0.8" }],
    [{ "x-forwarded-for": "2001:db8::2" }, { ...direct, client: "2001:db8::2" }],
    [{ "x-forwarded-for": "1.2.3.4, nonsense" }, direct],
    [{ "x-forwarded-for": "1.2.3.4, ,10.0.0.9, " }, { ...direct, client: "1.2.3.4" }],
    [{ "x-forwarded-for": "fe80::1%eth0" }, direct],
    [{ "x-forwarded-for": "" }, direct],
    [{ forwarded: 'host="a.localhost:80", host=b' }, { ...direct, host: "a.localhost:80" }],
    [{ forwarded: "nonsense;;=;__proto__=x" }, direct],
    [{ forwarded: 'for="a,b;c";proto=https, proto=http' }, { ...direct, scheme: "https" }],
    [{ forwarded: 'by="host=b.localhost;proto=https"' }, direct],
    [{ forwarded: 'by=", host=b.localhost";proto=https' }, { ...direct, scheme: "https" }],
    [{ forwarded: 'host="a,b"' }, { ...direct, host: "a,b" }],
    // Whatever a proxy leaves of `Forwarded` is its client's: the names it does set are X-Forwarded.
    [
      { forwarded: "host=a.localhost", "x-forwarded-host": "b.localhost" },
      { ...direct, host: "b.localhost" },
    ],
    [
      { forwarded: "host=a.localhost;proto=http", "x-forwarded-proto": "https" },
      { ...direct, scheme: "https" },
    ],
    [
      { forwarded: "host=a.localhost;proto=https", "x-forwarded-for": "1.2.3.4" },
      { ...direct, client: "1.2.3.4" },
    ],
    [{ forwarded: "host=a.localhost", "x-forwarded-host": "" }, direct],
  ];

  test.each(rows)("makes of %j %j", (headers, address) => {
    expect(read(headers)).toEqual(address);
  });

  test("leaves a request without a Host without one", () => {
    expect(read(forged, { host: undefined }).host).toBeUndefined();
    expect(read(forged, { host: "" }).host).toBe("");
  });

  test.each(["", "a b", "a\nb", "é", '"', "<script>", "x".repeat(129)])(
    "makes its own request ID in place of %p",
    (requestId) => expect(read({ "x-request-id": requestId }).requestId).toBeUndefined(),
  );

  test.each(["a", "01-ab_cd.ef:12+/=@", "x".repeat(128)])("keeps request ID %p", (requestId) => {
    expect(read({ "x-request-id": requestId }).requestId).toBe(requestId);
  });
});
