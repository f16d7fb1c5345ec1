import { countOf } from "../base/count_of.ts";
import type { AppReport, TaskReport } from "./check_app.ts";

/** Writes what `check` found as one JSON object; its shape is stable. */
export function toJsonReport(apps: readonly AppReport[]): string {
  return JSON.stringify({ ok: !hasProblems(apps), apps }, null, 2);
}

/** Writes what `check` found for people. */
export function toTextReport(apps: readonly AppReport[]): string {
  return [...apps.map(toAppText), summary(apps)].join("\n");
}

/** Whether anything has to be corrected; warnings do not count. */
export function hasProblems(apps: readonly AppReport[]): boolean {
  return apps.some(({ problems }) => problems.length > 0);
}

function toAppText({ dir, app, version, tasks, problems, warnings }: AppReport): string {
  const title = app === null ? dir : `${dir}: ${app}, version ${version}`;
  return [
    title,
    ...(tasks.length === 0 ? [] : toTable([headings, ...tasks.map(toRow)])),
    ...problems.map((problem) => `problem: ${problem}`),
    ...warnings.map(({ file, line, message }) => `warning: ${file}:${line}: ${message}`),
    "",
  ].join("\n");
}

const headings = ["TASK", "WEB", "METHODS", "AUTHENTICATE", "SETTINGS"];

function toRow({ name, web, methods, authenticate, settings }: TaskReport): readonly string[] {
  return [
    name,
    web ? "yes" : "no",
    methods.join(" ") || "-",
    authenticate ? "yes" : "no",
    Object.entries(settings).map(toSettingText).join(" ") || "-",
  ];
}

function toSettingText([key, value]: readonly [string, unknown]): string {
  return typeof value === "object" ? key : `${key}=${value}`;
}

function toTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = headings.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}`
  );
}

function summary(apps: readonly AppReport[]): string {
  const tasks = apps.reduce((sum, app) => sum + app.tasks.length, 0);
  const problems = apps.reduce((sum, app) => sum + app.problems.length, 0);
  const warnings = apps.reduce((sum, app) => sum + app.warnings.length, 0);
  return [countOf(tasks, "task"), countOf(problems, "problem"), countOf(warnings, "warning")].join(
    ", ",
  );
}
