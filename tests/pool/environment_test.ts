import { expect, test } from "bun:test";
import { workerEnvironment } from "../../runtime/pool/environment.ts";

test("workerEnvironment() passes on what is allowed, and nothing else", () => {
  const own = {
    PATH: "/bin",
    HOME: "/home/acme",
    TMPDIR: undefined,
    LANG: "C",
    TZ: "UTC",
    BUN_BE_BUN: "1",
    WEBTASKD_PORT: "80",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  expect(workerEnvironment(own, { API_KEY: "key" })).toEqual({
    PATH: "/bin",
    HOME: "/home/acme",
    LANG: "C",
    TZ: "UTC",
    API_KEY: "key",
  });
});

test("workerEnvironment() lets the deployment's variables win", () => {
  expect(workerEnvironment({ TZ: "UTC" }, { TZ: "Europe/Berlin" })).toEqual({
    TZ: "Europe/Berlin",
  });
});
