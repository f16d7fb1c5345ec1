import type { Failure, TaskShape } from "../protocol/call.ts";
import type { Platform } from "../platform/platform.ts";
import type { BootMessage } from "../protocol/messages.ts";
import { toAuthorStack } from "./author_stack.ts";
import type { SourceMaps } from "./source_maps.ts";

/** How modules are named where a worker runs. */
export interface SourcePathsOptions extends Pick<Platform, "readText"> {
  /** The release's folder with links resolved, as runtimes name modules. */
  readonly cwd: string;
  /** `undefined` where the runtime applies source maps itself. */
  readonly maps: SourceMaps | undefined;
}

/** Has failures name the author's own files, not those of the release made from them. */
export class SourcePaths {
  readonly #sourceDir: string;
  readonly #options: SourcePathsOptions;
  /** Every way in which runtimes write the folder of the release, the longest first. */
  readonly #spellings: readonly string[];

  constructor(
    { dir, sourceDir }: Pick<BootMessage, "dir" | "sourceDir">,
    options: SourcePathsOptions,
  ) {
    const { cwd } = options;
    this.#sourceDir = sourceDir;
    this.#options = options;
    const folders = new Set([cwd, dir, encodeURI(cwd), encodeURI(dir)]);
    this.#spellings = [...[...folders].map((folder) => `file://${folder}`), ...folders];
  }

  /** The same failure, as its author knows it. */
  map(failure: Failure): Failure {
    const { message, stack } = failure;
    const mapped = stack === undefined ? undefined : this.mapStack(stack);
    return { ...failure, message: this.toSource(message), stack: mapped };
  }

  /** The same shape, its failure mapped. */
  mapShape(shape: TaskShape): TaskShape {
    return shape.kind === "broken" ? { ...shape, failure: this.map(shape.failure) } : shape;
  }

  /** The same stack, with the author's own places and the line where it happened. */
  mapStack(stack: string): string {
    const { cwd: dir, ...options } = this.#options;
    try {
      return this.toSource(toAuthorStack(stack, { ...options, dir, sourceDir: this.#sourceDir }));
    } catch {
      // A map that is none, or task code that broke what this is made of: the plain stack remains.
      return this.toSource(stack);
    }
  }

  /** The same text, as the author knows the places in it. */
  toSource(text: string): string {
    return this.#spellings.reduce(
      (mapped, spelling) => mapped.replaceAll(`${spelling}/`, `${this.#sourceDir}/`),
      text,
    );
  }
}
