import { expect, test } from "bun:test";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { platform } from "#platform";
import {
  isGatewayDead,
  listGatewayLocks,
  lockGateway,
  removeGatewayLock,
} from "../../runtime/store/gateway_locks.ts";
import { createTempFolder } from "../temp_folder.ts";

test("a gateway is dead once its lock is free, and not before", async () => {
  await using folder = await createTempFolder();
  const lock = lockGateway(folder.path, platform);
  expect(isGatewayDead(folder.path, lock.name, platform)).toBe(false);
  lock.unlock();
  expect(isGatewayDead(folder.path, lock.name, platform)).toBe(true);
  removeGatewayLock(folder.path, lock.name);
  expect(readdirSync(join(folder.path, "gateways"))).toEqual([]);
  expect(isGatewayDead(folder.path, lock.name, platform)).toBe(true);
});

test("where the system has no locks, no gateway counts as dead", async () => {
  await using folder = await createTempFolder();
  const without = { lockFolder: () => undefined };
  const lock = lockGateway(folder.path, without);
  expect(isGatewayDead(folder.path, lock.name, without)).toBe(false);
});

test("a lock is listed once it has been there for a while", async () => {
  await using folder = await createTempFolder();
  const { name } = lockGateway(folder.path, platform);
  const path = join(folder.path, "gateways", name);
  utimesSync(path, 1_000, 1_000);
  expect(listGatewayLocks(folder.path, 1_000_000 + 59_000)).toEqual([]);
  expect(listGatewayLocks(folder.path, 1_000_000 + 61_000)).toEqual([name]);
});
