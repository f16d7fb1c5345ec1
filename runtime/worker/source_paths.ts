import type { Failure, TaskShape } from "../protocol/call.ts";
import type { BootMessage } from "../protocol/messages.ts";

/** Has failures name the author's own files, not those of the release made from them. */
export class SourcePaths {
  readonly #sourceDir: string;
  /** Every way in which runtimes write the folder of the release, the longest first. */
  readonly #spellings: readonly string[];

  /** `cwd` is the release's folder with links resolved, as runtimes name modules. */
  constructor({ dir, sourceDir }: Pick<BootMessage, "dir" | "sourceDir">, cwd: string) {
    this.#sourceDir = sourceDir;
    const folders = new Set([cwd, dir, encodeURI(cwd), encodeURI(dir)]);
    this.#spellings = [...[...folders].map((folder) => `file://${folder}`), ...folders];
  }

  /** The same failure, as its author knows it. */
  map(failure: Failure): Failure {
    const { message, stack } = failure;
    const mapped = stack === undefined ? undefined : this.toSource(stack);
    return { ...failure, message: this.toSource(message), stack: mapped };
  }

  /** The same shape, its failure mapped. */
  mapShape(shape: TaskShape): TaskShape {
    return shape.kind === "broken" ? { ...shape, failure: this.map(shape.failure) } : shape;
  }

  /** The same text, as the author knows the places in it. */
  toSource(text: string): string {
    return this.#spellings.reduce(
      (mapped, spelling) => mapped.replaceAll(`${spelling}/`, `${this.#sourceDir}/`),
      text,
    );
  }
}
