import { expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MemoryGroups } from "../../runtime/pool/memory_groups.ts";
import { createTempFolder } from "../temp_folder.ts";

const group = "system.slice/webtaskd.service";
const delegated = {
  "own": `12:cpu:/\n0::/${group}\n`,
  [`root/${group}/cgroup.controllers`]: "cpu memory pids\n",
  [`root/${group}/cgroup.procs`]: "4711\n",
  [`root/${group}/cgroup.subtree_control`]: "",
};

async function open(files: Readonly<Record<string, string>>) {
  const folder = await createTempFolder(files);
  const groups = MemoryGroups.open(1024, {
    root: join(folder.path, "root"),
    own: join(folder.path, "own"),
  });
  return { folder, groups };
}

test("MemoryGroups.open() moves the gateway into a group beside those of its workers", async () => {
  const { folder, groups } = await open(delegated);
  await using _ = folder;
  expect(groups).toBeDefined();
  expect(await folder.read(`root/${group}/gateway/cgroup.procs`)).toBe("4711");
  expect(await folder.read(`root/${group}/cgroup.subtree_control`)).toBe("+memory");
});

test("MemoryGroups.add() limits a process, swap included", async () => {
  const { folder, groups } = await open(delegated);
  await using _ = folder;
  groups?.add(4712);
  groups?.add(4713);
  expect(await folder.read(`root/${group}/worker-1/memory.max`)).toBe("1024");
  expect(await folder.read(`root/${group}/worker-1/memory.swap.max`)).toBe("0");
  expect(await folder.read(`root/${group}/worker-1/cgroup.procs`)).toBe("4712");
  expect(await folder.read(`root/${group}/worker-2/cgroup.procs`)).toBe("4713");
});

test("MemoryGroup.wasKilled says whether the kernel ended a process for its memory", async () => {
  const { folder, groups } = await open(delegated);
  await using _ = folder;
  const worker = groups?.add(4712);
  expect(worker?.wasKilled).toBe(false);
  const events = `root/${group}/worker-1/memory.events`;
  await folder.write({ [events]: "low 0\nmax 3\noom 1\noom_kill 0\noom_group_kill 0\n" });
  expect(worker?.wasKilled).toBe(false);
  await folder.write({ [events]: "low 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n" });
  expect(worker?.wasKilled).toBe(true);
});

test("MemoryGroup.remove() removes the group", async () => {
  const { folder, groups } = await open(delegated);
  await using _ = folder;
  const worker = groups?.add(4712);
  // A control group's files go with it; those of an ordinary folder do not.
  for (const file of ["memory.max", "memory.swap.max", "cgroup.procs"]) {
    await rm(join(folder.path, "root", group, "worker-1", file));
  }
  worker?.remove();
  const left = await readdir(join(folder.path, "root", group));
  expect(left).not.toContain("worker-1");
});

test.each([
  ["the group is the root", { own: "0::/\n" }],
  ["there is no unified hierarchy", { own: "4:memory:/a\n" }],
  ["memory is not delegated", { [`root/${group}/cgroup.controllers`]: "cpu pids\n" }],
  ["others are in the group", { [`root/${group}/cgroup.procs`]: "4711\n99\n" }],
])("MemoryGroups.open() leaves the groups alone when %s", async (_, changed) => {
  const { folder, groups } = await open({ ...delegated, ...changed });
  await using _folder = folder;
  expect(groups).toBeUndefined();
});
