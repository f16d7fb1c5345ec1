/**
 * The property of generated queries, as a module that any runtime can run: `deno run -A
 * generated_queries.ts` exits with 0 when it holds.
 */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Operator, Tree } from "../../runtime/database/query/tree.ts";
import { printTree } from "../../runtime/database/query/tree.ts";
import { openTestDatabase, type TestDatabase, type TestObject } from "./support.ts";

const runs = 300;
const rowCount = 40;

/** Text in which something of SQL, of patterns or of Unicode could go wrong. */
const text = fc.oneof(
  fc.constantFrom(
    "",
    "%",
    "_",
    "a%b",
    "a_b",
    "O'Hara",
    '"',
    "\\",
    "--",
    "ß",
    "SS",
    "İ",
    "i̇",
    "É",
    "é",
  ),
  fc.constantFrom("😀", "a😀B", "\u{10FFFF}", "\uFFFF", "K", "ſ", "Σ", "ς", " ", "null", "0"),
  fc.string({ maxLength: 4 }).map((text) => text.replaceAll("\0", "")),
);
const moment = fc.oneof(
  fc.constantFrom(-8.64e15, 8.64e15, 0, -1, 253402300800000).map((ms) => new Date(ms)),
  fc.date({ noInvalidDate: true }),
);
const day = fc.constantFrom("0000-01-01", "9999-12-31", "2024-02-29", "1970-01-01", "1969-12-31");
const number = fc.oneof(
  fc.constantFrom(0, -0, 0.1, 1e308, 5e-324, -1.5, 2 ** 53, 1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const integer = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger());

/** The fields of the model that can be compared, and values for each. */
const values = {
  text,
  integer,
  number,
  flag: fc.boolean(),
  day,
  moment,
  one: fc.constantFrom("a", "b"),
  level: fc.constantFrom(1, 2),
  many: fc.subarray(["a", "b", "c"]),
  levels: fc.subarray([1, 2]),
} as const;

type FieldName = keyof typeof values;
type Data = { readonly [F in FieldName]: unknown };

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 4 });

const data: fc.Arbitrary<Data> = fc.record({
  text: orNull(text),
  integer: orNull(integer),
  number: orNull(number),
  flag: orNull(values.flag),
  day: orNull(day),
  moment: orNull(moment),
  one: orNull(values.one),
  level: orNull(values.level),
  many: orNull(values.many),
  levels: orNull(values.levels),
});

interface Asked {
  readonly tree: Tree;
  readonly args: readonly unknown[];
}

const ordering: readonly Operator[] = ["=", "!=", "<", "<=", ">", ">=", "in", "not in"];

function operatorsOf(field: FieldName): readonly Operator[] {
  switch (field) {
    case "text":
    case "day":
    case "one":
      return [...ordering, "contains", "starts with"];
    case "flag":
      return ["=", "!=", "in", "not in"];
    case "many":
    case "levels":
      return ["=", "!=", "contains", "in", "not in"];
    default:
      return ordering;
  }
}

const term: fc.Arbitrary<Asked> = fc
  .constantFrom(...(Object.keys(values) as FieldName[]))
  .chain((field) =>
    fc.constantFrom(...operatorsOf(field)).chain((operator) =>
      argumentOf(field, operator).map((value) => ({
        tree: { kind: "term" as const, field, operator, position: 0 },
        args: [value],
      }))
    )
  );

function argumentOf(field: FieldName, operator: Operator): fc.Arbitrary<unknown> {
  const isMultiple = field === "many" || field === "levels";
  const element: fc.Arbitrary<unknown> = field === "many"
    ? fc.constantFrom("a", "b", "c", "d")
    : field === "levels"
    ? integer
    : values[field];
  if (operator === "in" || operator === "not in") {
    return fc.array(orNull(element), { maxLength: 5 });
  }
  const same: fc.Arbitrary<unknown> = values[field];
  if (operator !== "contains" && operator !== "starts with") return orNull(same);
  if (isMultiple) return fc.oneof(element, fc.array(element, { maxLength: 4 }));
  return field === "day" ? day : text;
}

const { asked } = fc.letrec<{ asked: Asked }>((tie) => ({
  asked: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    term,
    fc.tuple(
      fc.constantFrom("and" as const, "or" as const),
      fc.array(tie("asked"), { minLength: 2, maxLength: 3 }),
    )
      .map(([kind, parts]): Asked => ({
        tree: { kind, parts: parts.map(({ tree }) => tree) },
        args: parts.flatMap(({ args }) => args),
      })),
  ),
}));

const orderable = ["text", "integer", "number", "flag", "day", "moment", "one", "level"] as const;
const order = fc.subarray([...orderable], { maxLength: 3 })
  .chain((fields) => fc.tuple(...fields.map((field) => fc.constantFrom(field, `-${field}`))))
  .map((fields): readonly string[] => fields);

/** Holds each query's rows against those that a walk over all of them finds; rejects when they differ. */
export async function checkGeneratedQueries(): Promise<void> {
  await using db = await openTestDatabase();
  const rows = await fill(db);
  await fc.assert(
    fc.asyncProperty(asked, order, fc.nat(5), fc.nat(30), async (asked, order, skip, limit) => {
      const expected = rows.filter(({ data }) => holds(asked, data)).sort(comparer(order));
      const query = db.DB.everything?.where(printTree(asked.tree), ...asked.args)
        .orderBy(...order);
      if (query === undefined) throw new Error("Cannot find the model");
      const ids = (objects: readonly { readonly id: string }[]) => objects.map(({ id }) => id);
      deepStrictEqual(ids(await query.toArray()), ids(expected));
      deepStrictEqual(await query.count(), expected.length);
      const part = query.skip(skip).limit(limit);
      deepStrictEqual(ids(await part.toArray()), ids(expected.slice(skip, skip + limit)));
      deepStrictEqual(await part.count(), expected.slice(skip, skip + limit).length);
      deepStrictEqual((await query.first())?.id, expected[0]?.id);
    }),
    { numRuns: runs },
  );
}

interface Kept {
  readonly id: string;
  readonly data: Data;
}

async function fill(db: TestDatabase): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  const batch = new db.Batch();
  for (const sample of fc.sample(data, { numRuns: rowCount, seed: 1 })) {
    const object: TestObject | undefined = db.DB.everything?.create(sample);
    if (object === undefined) throw new Error("Cannot find the model");
    batch.save(object);
    kept.push({ id: object.id, data: sample });
  }
  await batch.execute();
  return kept;
}

/** The language again, in the plainest way: what the engine's answer is held against. */
function holds({ tree, args }: Asked, data: Data): boolean {
  let next = 0;
  const evaluate = (tree: Tree): boolean => {
    if (tree.kind === "term") {
      return compare(Reflect.get(data, tree.field), tree.operator, args[next++]);
    }
    const results = tree.parts.map(evaluate);
    return tree.kind === "and" ? results.every(Boolean) : results.some(Boolean);
  };
  return evaluate(tree);
}

function compare(value: unknown, operator: Operator, argument: unknown): boolean {
  const list = Array.isArray(argument) ? argument : [argument];
  switch (operator) {
    case "=":
      return key(value) === key(argument);
    case "!=":
      return key(value) !== key(argument);
    case "contains":
      if (Array.isArray(value)) return list.every((element) => value.includes(element));
      return fold(value)?.includes(fold(argument) ?? "") ?? false;
    case "starts with":
      return fold(value)?.startsWith(fold(argument) ?? "") ?? false;
    case "in":
      return isIn(value, list);
    case "not in":
      return !isIn(value, list);
    default:
      if (value === null || argument === null) return false;
      return ordered(order3(value, argument), operator);
  }
}

function ordered(sign: number, operator: Operator): boolean {
  if (operator === "<") return sign < 0;
  if (operator === "<=") return sign <= 0;
  return operator === ">" ? sign > 0 : sign >= 0;
}

function isIn(value: unknown, list: readonly unknown[]): boolean {
  if (Array.isArray(value)) return list.some((element) => value.includes(element));
  return list.some((element) => key(element) === key(value));
}

/** Text in the order of code points, which is not that of UTF-16. */
function order3(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return Math.sign(Number(a) - Number(b));
}

function comparer(order: readonly string[]) {
  return (a: Kept, b: Kept): number => {
    for (const part of order) {
      const [left, right] = [a, b].map(({ data }) => Reflect.get(data, part.replace("-", "")));
      const sign = left === null || right === null
        ? Number(left !== null) - Number(right !== null)
        : order3(left, right);
      if (sign !== 0) return part.startsWith("-") ? -sign : sign;
    }
    return a.id < b.id ? -1 : 1;
  };
}

function key(value: unknown): string {
  if (value instanceof Date) return `Date ${value.getTime()}`;
  return value === 0 ? "number 0" : `${typeof value} ${JSON.stringify(value)}`;
}

function fold(value: unknown): string | undefined {
  return typeof value === "string" ? value.toLowerCase() : undefined;
}

if (import.meta.main) await checkGeneratedQueries();
