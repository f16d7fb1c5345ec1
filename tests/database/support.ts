import { join } from "node:path";
import { type TaskGlobals, toTaskGlobals } from "../../runtime/database/globals.ts";
import type { DataModel } from "../../runtime/database/model/data_model.ts";
import { parseSchema } from "../../runtime/database/model/parse_schema.ts";
import { createSqliteDatabase } from "../../runtime/database/sqlite/sqlite_database.ts";
import type {
  AttachmentConstructor,
  ChangeBatch,
  DayConstructor,
  StoredObject,
  StoredQuery,
} from "../../runtime/database/types.ts";
import { createTempFolder } from "../temp_folder.ts";

/** An object as tests see it: fields can be anything. */
export type TestObject = StoredObject & Record<string, unknown>;
/** A collection as tests see it; misuse is part of what they try. */
export interface TestCollection {
  create(values?: unknown): TestObject;
  first(...given: unknown[]): Promise<TestObject | null>;
  where(...given: unknown[]): StoredQuery<TestObject>;
  all(): StoredQuery<TestObject>;
}

/** The globals of a task over a database that is gone at the end of the block. */
export interface TestDatabase extends AsyncDisposable {
  readonly dir: string;
  readonly DB: Record<string, TestCollection>;
  readonly Batch: new () => ChangeBatch;
  readonly Day: DayConstructor;
  readonly Attachment: AttachmentConstructor;
  /** Opens the same files once more, as another process would. */
  again(schema?: string): TestDatabase;
}

/** A model with relations, and one with one field of every type in `everything`. */
export const sampleSchema = `<data-model>
  <model name="organisation" label="Organisation">
    <field name="name" label="Name" type="text:name"/>
    <belongs-to model="organisation" name="parent"/>
    <has-many model="api_client" name="clients" inverse-of="org"/>
    <display>{name}</display>
  </model>
  <model name="api_client" label="API client">
    <field name="name" label="Name" type="text:name"/>
    <field name="token" label="Token" type="text"/>
    <field name="active" label="Active" type="boolean"/>
    <field name="tier" label="Tier" type="single-choice"><option key="free">Free</option><option key="paid">Paid</option></field>
    <belongs-to model="organisation" name="org"/>
    <has-many model="sample" name="samples" inverse-of="client"/>
    <index on="token"/>
    <display>{name} ({tier})</display>
  </model>
  <model name="sample" label="Sample">
    <field name="value" label="Value" type="number"/>
    <belongs-to model="api_client" name="client"/>
  </model>
  <model name="everything" label="Everything">
    <field name="text" label="Text" type="text"/>
    <field name="integer" label="Integer" type="integer"/>
    <field name="number" label="Number" type="number"/>
    <field name="flag" label="Flag" type="boolean"/>
    <field name="day" label="Day" type="date"/>
    <field name="moment" label="Moment" type="datetime"/>
    <field name="place" label="Place" type="location"/>
    <field name="way" label="Way" type="track"/>
    <field name="one" label="One" type="single-choice"><option key="a">A</option><option key="b">B</option></field>
    <field name="many" label="Many" type="multiple-choice"><option key="a">A</option><option key="b">B</option><option key="c">C</option></field>
    <field name="level" label="Level" type="single-choice-integer"><option key="1">Low</option><option key="2">High</option></field>
    <field name="levels" label="Levels" type="multiple-choice-integer"><option key="1">Low</option><option key="2">High</option></field>
    <field name="file" label="File" type="attachment"/>
    <field name="picture" label="Picture" type="photo"/>
    <field name="signed" label="Signed" type="signature"/>
  </model>
</data-model>`;

/** Reads a schema that has no problems. */
export function toDataModel(schema: string): DataModel {
  const { model, problems } = parseSchema(schema);
  if (problems.length > 0) throw new Error(`Cannot use this schema: ${JSON.stringify(problems)}`);
  return model;
}

/** Opens a database in a folder of its own. */
export async function openTestDatabase(schema: string = sampleSchema): Promise<TestDatabase> {
  const folder = await createTempFolder();
  return open(join(folder.path, "db"), schema, async () => await folder[Symbol.asyncDispose]());
}

function open(dir: string, schema: string, cleanUp: () => Promise<void>): TestDatabase {
  const { database, attachments } = createSqliteDatabase({
    dir,
    dataModel: toDataModel(schema),
    isMade: true,
  });
  const others: TestDatabase[] = [];
  return {
    dir,
    ...toTestGlobals(toTaskGlobals(database, { attachments })),
    again(other = schema) {
      const again = open(dir, other, () => Promise.resolve());
      others.push(again);
      return again;
    },
    async [Symbol.asyncDispose]() {
      for (const other of others) await other[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await cleanUp();
    },
  };
}

/** Tests say what the types of their fields are; the globals know only objects. */
function toTestGlobals(
  { DB, Day, Attachment }: TaskGlobals,
): Omit<TestDatabase, "dir" | "again" | typeof Symbol.asyncDispose> {
  const collections = DB as unknown as Record<string, TestCollection>;
  const members = DB as unknown as { Batch: new () => ChangeBatch };
  return {
    DB: collections,
    Batch: members.Batch,
    Day: Day as unknown as DayConstructor,
    Attachment: Attachment as unknown as AttachmentConstructor,
  };
}
