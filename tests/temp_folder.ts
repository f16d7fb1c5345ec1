import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of one test; `await using` removes it at the end of the block. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  read(name: string): Promise<string>;
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** Creates a folder with the files given, by their path below it. */
export async function createTempFolder(
  files: Readonly<Record<string, string>> = {},
): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "webtaskd-test-"));
  const folder: TempFolder = {
    path,
    read: (name) => readFile(join(path, name), "utf8"),
    async write(added) {
      for (const [name, text] of Object.entries(added)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  await folder.write(files);
  return folder;
}
