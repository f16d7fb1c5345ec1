import { expect, test } from "bun:test";
import { RuntimeError } from "../../runtime/base/errors.ts";
import { reportFailure } from "../../runtime/cli/failure.ts";

test("reportFailure() names every flag that an address may come from", () => {
  const lines: string[] = [];
  const message = "Cannot listen on 192.0.2.1:80: EADDRNOTAVAIL: address not available, listen";
  const error = new RuntimeError("listen_failed", message);
  expect(reportFailure(error, { command: "serve", err: (line) => lines.push(line) })).toBe(1);
  const [first, hint = ""] = lines;
  expect(first).toBe(`webtaskd: ${message}`);
  for (const flag of ["--listen", "--port", "--admin"]) expect(hint).toContain(flag);
});
