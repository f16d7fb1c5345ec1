import { expect, test } from "bun:test";
import { join } from "node:path";
import { serve } from "../mod.ts";
import { createTempFolder } from "./temp_folder.ts";

const root = join(import.meta.dir, "..");

test("serve() answers for apps from a program of its own, and closes once", async () => {
  await using folder = await createTempFolder();
  const server = await serve({
    apps: [join(root, "tests/fixtures/globex")],
    port: 0,
    data: join(folder.path, "data"),
    logLevel: "error",
  });
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${server.url}/hello`);
  expect(response.status).toBe(200);
  expect(response.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  await response.text();
  expect(await server.close()).toBe(true);
  expect(await server.close()).toBe(true);
  await expect(fetch(`${server.url}/hello`)).rejects.toThrow();
});

test("serve() refuses an option that cannot be used, and says how to mend it", async () => {
  await expect(serve({ port: 70_000 })).rejects.toThrow("--port");
});
