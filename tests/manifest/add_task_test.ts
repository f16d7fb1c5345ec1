import { expect, test } from "bun:test";
import { addTaskEntry } from "../../runtime/manifest/add_task.ts";

test.each([
  [
    "after the last entry, with its indentation",
    '{\n\t"tasks": {\n\t\t"a": {}\n\t},\n\t"app": "x"\n}\n',
    '{\n\t"tasks": {\n\t\t"a": {},\n\t\t"b": { "web": true }\n\t},\n\t"app": "x"\n}\n',
  ],
  [
    "on one line",
    '{"app":"x", "tasks": { "a": {"web":true} }}',
    '{"app":"x", "tasks": { "a": {"web":true}, "b": { "web": true } }}',
  ],
  [
    "to an empty object",
    '{\n    "tasks": {}\n}',
    '{\n    "tasks": {\n        "b": { "web": true }\n    }\n}',
  ],
  [
    "with the line ends of Windows",
    '{\r\n  "tasks": {\r\n    "a": {}\r\n  }\r\n}',
    '{\r\n  "tasks": {\r\n    "a": {},\r\n    "b": { "web": true }\r\n  }\r\n}',
  ],
  ["not twice", '{"tasks":{"b":{}}}', '{"tasks":{"b":{}}}'],
])("addTaskEntry() adds %s", (_, before, after) => {
  expect(addTaskEntry(before, "b")).toBe(after);
});

test.each(["", "[]", "{}", '{"tasks":[]}', "{"])("addTaskEntry() refuses %p", (text) => {
  expect(() => addTaskEntry(text, "b")).toThrow("Cannot add the task");
});

test("addTaskEntry() says where the manifest is no JSON", () => {
  expect(() => addTaskEntry('{\n  "tasks": {\n', "b")).toThrow(
    'Cannot add the task to cloudcode.json:3:1: the text ends too early: close the object with "}"',
  );
});
