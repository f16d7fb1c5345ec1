import { type DataModel, type Field, idColumnOf, type Model } from "../model/data_model.ts";
import { valueTypes } from "../values/value_types.ts";

/** What a type in the declarations must not be called: words of TypeScript, and types they use. */
const takenTypeNames = new Set(
  ("any as async await bigint boolean break case catch class const continue debugger declare default " +
    "delete do else enum export extends false finally for from function if implements import in " +
    "infer instanceof interface is keyof let module namespace never new null number object of " +
    "package private protected public readonly return satisfies static string super switch symbol " +
    "this throw true try type typeof undefined unique unknown var void while with yield " +
    "Attachment Date Day Fields Location Model Promise StoredObject StoredQuery").split(" "),
);

/**
 * Writes the declarations of the globals `DB`, `Day` and `Attachment` for the models of an app. They
 * go with the module `@journeyapps/cloudcode`, which has the types that all apps share.
 */
export function toDeclarations({ models }: DataModel): string {
  return `/** The objects of schema.xml. */
declare namespace Model {
  type StoredObject = import("@journeyapps/cloudcode").StoredObject;
  type StoredQuery<T, F> = import("@journeyapps/cloudcode").StoredQuery<T, F>;
  type Location = import("@journeyapps/cloudcode").GeoLocation;

${models.map(toInterface).join("\n\n")}
}

/** What can be given to create() and where(), by model. */
declare namespace Fields {
  type Location = import("@journeyapps/cloudcode").GeoLocation;

${models.map(toFields).join("\n\n")}
}

declare const DB: import("@journeyapps/cloudcode").DatabaseMembers & {
${models.map(toMember).join("\n")}
};

declare const Day: import("@journeyapps/cloudcode").DayConstructor;
type Day = import("@journeyapps/cloudcode").CalendarDay;

declare const Attachment: import("@journeyapps/cloudcode").AttachmentConstructor;
type Attachment = import("@journeyapps/cloudcode").StoredAttachment;
`;
}

function toInterface({ name, label, fields, belongsTo, hasMany }: Model): string {
  return [
    `  /** ${toComment(label)} */`,
    `  interface ${toTypeName(name)} extends StoredObject {`,
    ...fields.flatMap(toAccessors),
    ...belongsTo.flatMap((relation) => [
      `    ${relation.name}(): Promise<${toTypeName(relation.model)} | null>;`,
      `    ${relation.name}(value: ${toTypeName(relation.model)} | null): void;`,
      `    get ${idColumnOf(relation)}(): string | null;`,
      `    set ${idColumnOf(relation)}(value: string | null | undefined);`,
    ]),
    ...hasMany.map((relation) => {
      const type = toTypeName(relation.model);
      return `    readonly ${relation.name}: StoredQuery<${type}, Fields.${type}>;`;
    }),
    "  }",
  ].join("\n");
}

function toAccessors(field: Field): readonly string[] {
  const { read, assign } = valueTypes[field.type].typescript(field);
  return [
    `    /** ${toComment(field.label)} */`,
    `    get ${field.name}(): ${read} | null;`,
    `    set ${field.name}(value: ${
      assign === "never" ? read : `${read} | ${assign}`
    } | null | undefined);`,
  ];
}

function toFields({ name, fields, belongsTo }: Model): string {
  return [
    `  interface ${toTypeName(name)} {`,
    ...fields.map((field) => {
      const { read, assign } = valueTypes[field.type].typescript(field);
      const type = assign === "never" ? read : `${read} | ${assign}`;
      return `    ${field.name}?: ${type} | null | undefined;`;
    }),
    ...belongsTo.flatMap((relation) => [
      `    ${relation.name}?: Model.${toTypeName(relation.model)} | null | undefined;`,
      `    ${idColumnOf(relation)}?: string | null | undefined;`,
    ]),
    "  }",
  ].join("\n");
}

function toMember({ name, label }: Model): string {
  const type = toTypeName(name);
  const collection =
    `import("@journeyapps/cloudcode").ModelCollection<Model.${type}, Fields.${type}>`;
  return `  /** ${toComment(label)} */\n  readonly ${name}: ${collection};`;
}

/** The type of a model's objects; no model has a name that begins with `_`. */
function toTypeName(model: string): string {
  return takenTypeNames.has(model) ? `_${model}` : model;
}

/** A label may hold anything, the end of a comment included. */
function toComment(label: string): string {
  return label.replaceAll("*/", "* /").replaceAll(/\s+/g, " ");
}
