import { randomBytes } from "node:crypto";
import { chmod, link, lstat, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HttpAddress, HttpServer, Platform } from "../platform/platform.ts";

/** Short, so that a path of its length is no longer than that of `admin.sock`. */
const nameBytes = 4;

/** How the admin socket is opened. */
export interface AdminSocketOptions {
  readonly platform: Pick<Platform, "connect">;
  readonly path: string;
  listen(address: HttpAddress): Promise<HttpServer>;
  /** Another server answers at the path: it has the same data folder. */
  onShared(): void;
}

/**
 * Listens on a Unix socket that only its owner may use. A server that has the path already keeps
 * running, and gets the path back if it outlives this one.
 */
export async function openAdminSocket(options: AdminSocketOptions): Promise<HttpServer> {
  const { platform, path, onShared } = options;
  const isShared = await isAnswering(platform, path);
  if (isShared) onShared();
  const former = isShared ? await keep(path) : undefined;
  const temporary = temporaryName(path);
  const server = await options.listen({ kind: "unix", path: temporary });
  await chmod(temporary, 0o600);
  const own = await fileIdOf(temporary);
  await rename(temporary, path);
  return {
    port: server.port,
    stop: () => server.stop(),
    async abort() {
      await giveUp({ platform, path, own, former });
      await server.abort();
    },
  };
}

/** A second name for the socket of another server. */
async function keep(path: string): Promise<string | undefined> {
  const name = temporaryName(path);
  // It may have stopped in this very moment: then there is nothing to keep.
  return await link(path, name).then(() => name, () => undefined);
}

interface Claim {
  readonly platform: Pick<Platform, "connect">;
  readonly path: string;
  readonly own: string | undefined;
  readonly former: string | undefined;
}

/** Removes the path, unless another server has taken it; one that had it before has it again. */
async function giveUp({ platform, path, own, former }: Claim): Promise<void> {
  const isOurs = own !== undefined && await fileIdOf(path) === own;
  if (isOurs && former !== undefined && await isAnswering(platform, former)) {
    return await rename(former, path);
  }
  if (isOurs) await rm(path, { force: true });
  if (former !== undefined) await rm(former, { force: true });
}

async function isAnswering(platform: Pick<Platform, "connect">, path: string): Promise<boolean> {
  try {
    const connection = await platform.connect(path, { onData() {}, onClose() {} });
    connection.close();
    return true;
  } catch {
    // Nobody is there: what lies at the path, if anything, was left behind by a killed server.
    return false;
  }
}

/** What tells a file from another one of the same name. */
async function fileIdOf(path: string): Promise<string | undefined> {
  return await lstat(path).then(({ dev, ino }) => `${dev}:${ino}`, () => undefined);
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${randomBytes(nameBytes).toString("hex")}`);
}
