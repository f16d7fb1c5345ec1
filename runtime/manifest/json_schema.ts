import { taskNamePattern } from "../base/task_name.ts";
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { captureSchema, corsSchema, headSchema, taskSchema } from "./schema.ts";

const manifestSchema = v.pipe(
  v.strictObject({
    ...headSchema.entries,
    defaults: v.optional(
      v.pipe(taskSchema, v.description("Settings of every task that does not say otherwise.")),
    ),
    tasks: v.pipe(
      v.record(v.pipe(v.string(), v.regex(taskNamePattern)), taskSchema),
      v.description("The app's tasks by name; a task's module is <name>.ts or <name>/index.ts."),
    ),
  }),
  v.title("cloudcode.json"),
  v.description("The manifest of an app: its tasks, and how they are served."),
);

/** Generates the JSON schema of `cloudcode.json` as the text of `docs/cloudcode.schema.json`. */
export function toManifestSchemaText(): string {
  const schema: JsonSchema = toJsonSchema(manifestSchema, {
    typeMode: "input",
    definitions: { task: taskSchema, cors: corsSchema, capture: captureSchema },
    ignoreActions: ["raw_check", "raw_transform", "check", "transform", "to_lower_case"],
  });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
