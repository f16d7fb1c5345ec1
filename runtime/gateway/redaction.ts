import type { MemberPath } from "../base/member_path.ts";

/** What stands in place of what is not stored. */
export const placeholder = "[redacted]";

/** What must not be stored, and how much of it a piece of text had. */
export class Redaction {
  readonly #paths: readonly MemberPath[];
  /** The longest first: one may be the beginning of another. */
  readonly #secrets: readonly string[];
  readonly #found = new Set<string>();

  constructor(paths: readonly MemberPath[], secrets: readonly string[]) {
    this.#paths = paths;
    this.#secrets = secrets.toSorted((one, other) => other.length - one.length);
  }

  /** Whether any member of a JSON body is not to be stored. */
  get hasPaths(): boolean {
    return this.#paths.length > 0;
  }

  /** What has been left out or replaced so far, as `body:$.card.number`. */
  get found(): readonly string[] {
    return [...this.#found];
  }

  /** Notes that a part was left out as a whole. */
  leaveOut(part: string): void {
    this.#found.add(part);
  }

  /** Whether it holds none of the secrets in plain sight. */
  isClean(text: string): boolean {
    return !this.#secrets.some((secret) => text.includes(secret));
  }

  /** Replaces secrets within a text; `part` says where it is from. */
  text(text: string, part: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, placeholder);
    if (clean !== text) this.#found.add(part);
    return clean;
  }

  /** Replaces parameters of a query that a path names, and secrets in the others. */
  query(query: string): string {
    const given = [...new URLSearchParams(query)];
    const clean = given.map(([name, value]) => {
      const path = this.#paths.find(({ steps }) => steps.join(".") === name);
      if (path !== undefined) this.#found.add(`query:${name}`);
      const shown = path === undefined ? this.text(value, `query:${name}`) : placeholder;
      return [this.text(name, "query"), shown] as const;
    });
    const isChanged = clean.some(([name, value], at) =>
      name !== given[at]?.[0] || value !== given[at]?.[1]
    );
    // What nothing was wrong with stays as the client wrote it.
    return isChanged ? `?${new URLSearchParams(clean.map((pair) => [...pair]))}` : query;
  }

  /** Replaces members that a path leads to, and secrets in all other names and values. */
  json(value: unknown): unknown {
    return this.#member(value, this.#paths.map((path) => ({ path, step: 0 })));
  }

  #member(value: unknown, trails: readonly Trail[]): unknown {
    const ended = trails.find(({ path, step }) => step === path.steps.length);
    if (ended !== undefined) {
      this.#found.add(`body:${ended.path.text}`);
      return placeholder;
    }
    if (Array.isArray(value)) {
      return value.map((element, at) => this.#member(element, walkArray(trails, String(at))));
    }
    if (typeof value !== "object" || value === null) return this.#leaf(value);
    // `fromEntries` defines members, so that one named `__proto__` stays one.
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) =>
        [this.text(name, "body"), this.#member(member, walk(trails, name))] as const
      ),
    );
  }

  #leaf(value: unknown): unknown {
    if (typeof value === "string") return this.text(value, "body:a masked value");
    const text = String(value);
    return this.isClean(text) ? value : this.text(text, "body:a masked value");
  }
}

/** How far along a path the walk has come. */
interface Trail {
  readonly path: MemberPath;
  readonly step: number;
}

function walk(trails: readonly Trail[], name: string): readonly Trail[] {
  return trails.filter(({ path, step }) => path.steps[step] === name || path.steps[step] === "*")
    .map(({ path, step }) => ({ path, step: step + 1 }));
}

/** A name that meets an array holds for each of its elements: `cards.number` covers a list. */
function walkArray(trails: readonly Trail[], index: string): readonly Trail[] {
  const named = trails.filter(({ path, step }) => !/^(\d+|\*)$/.test(path.steps[step] ?? ""));
  return [...named, ...walk(trails, index)];
}
