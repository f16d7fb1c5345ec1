import { type Setting, variableOf } from "./setting.ts";
import { settingTable } from "./table.ts";

/** Says what help says of a setting: its sentence, default and variable. */
export function describeSetting(setting: Setting<unknown>): string {
  const text = defaultOf(setting);
  const note = text === "" ? "" : `default: ${text}, `;
  return `${setting.sentence} (${note}env: ${variableOf(setting)})`;
}

/** Writes the settings as the text of `docs/settings.md`. */
export function toSettingsPage(): string {
  const rows = Object.values<Setting<unknown>>(settingTable).map((setting) => [
    `\`--${[setting.flag, setting.placeholder ?? []].flat().join(" ")}\``,
    `\`${variableOf(setting)}\``,
    escape(defaultOf(setting)),
    escape(setting.sentence),
  ]);
  return `${intro}\n${toTable([["Flag", "Variable", "Default", "Meaning"], ...rows])}\n`;
}

/** Columns are padded the way `deno fmt` leaves them. */
function toTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows]
    .map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`)
    .join("\n");
}

const intro = `# Settings

Each setting is a flag and a variable. A flag wins over its variable, and both win over
\`cloudcode.json\`. Durations need a unit (\`ms\`, \`s\`, \`m\`, \`h\`, \`d\`), and so do sizes (\`B\`, \`KiB\`,
\`MiB\`, \`GiB\`). The variable of a flag that may be repeated takes a list with commas;
\`WEBTASKD_ENV\` takes one variable a line. An empty variable counts as none.
`;

function defaultOf({ defaults, defaultNote }: Setting<unknown>): string {
  return defaultNote ?? defaults.join(", ");
}

function escape(text: string): string {
  return text.replaceAll("<", "\\<").replaceAll("|", "\\|");
}
