import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTempFolder } from "../temp_folder.ts";
import { expectAnswer } from "./cases.ts";
import { startServer } from "./server.ts";
import { root, targets } from "./targets.ts";
import { untilExists } from "./wait.ts";

const section = /^### Tasks that must not run twice$([^]*?)^## /m;
const host = "shop-testing.localhost";
const manifest = { app: "shop", version: "1.15", tasks: { charge: { web: true } } };
const flags = ["--timeout=1500ms", "--deadline=20s"];
const longTestMs = 60_000;

/** What the example calls; a test says when the card has been charged. */
const payments = `import { appendFileSync, existsSync } from "node:fs";

export async function chargeCard({ card, amount, folder, idempotencyKey }) {
  appendFileSync(folder + "/charges", [card, amount, idempotencyKey].join(" ") + "\\n");
  while (!existsSync(folder + "/paid")) await new Promise((resolve) => setTimeout(resolve, 10));
  return "receipt of " + card;
}
`;
const authenticate = "export const authenticate = ({ access }) => access.authorized();\n";

/** The code of the README, by its language. */
function readExample(): { readonly xml: string; readonly ts: string } {
  const [, text = ""] = section.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  const codeOf = (language: string) =>
    new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(text)?.[1] ?? "";
  return { xml: codeOf("xml"), ts: codeOf("ts") };
}

function appFiles(): Readonly<Record<string, string>> {
  const { xml, ts } = readExample();
  return {
    "cloudcode.json": JSON.stringify(manifest),
    "schema.xml": xml,
    "charge.ts": ts,
    "lib/payments.ts": payments,
    "lib/authenticate.ts": authenticate,
  };
}

describe.each([...targets])("$name: the README's task that must not run twice", (target) => {
  test(
    "charges once, and its second invocation answers with what the first has found",
    async () => {
      await using app = await createTempFolder(appFiles());
      const server = await startServer(target, { apps: [app.path], flags });
      try {
        const body = JSON.stringify({ card: "4711", amount: 5, folder: server.folder });
        const headers = { "content-type": "application/json" };
        const answer = server.fetch("/charge", { method: "POST", host, headers, body });
        await untilExists(join(server.folder, "charges"));
        await server.untilOutput(/invocation\.overdue/);
        writeFileSync(join(server.folder, "paid"), "");
        expectAnswer(await answer, { status: 200, json: { receipt: "receipt of 4711" } });
        const charges = readFileSync(join(server.folder, "charges"), "utf8");
        expect(charges).toBe(`4711 5 ${(await answer).headers.get("x-request-id")}\n`);
      } finally {
        await server.stop();
      }
    },
    longTestMs,
  );

  test("charges no second time where no receipt comes in time", async () => {
    await using app = await createTempFolder(appFiles());
    const server = await startServer(target, {
      apps: [app.path],
      flags: [...flags, "--attempts=2"],
    });
    try {
      const body = JSON.stringify({ card: "4711", amount: 5, folder: server.folder });
      const headers = { "content-type": "application/json" };
      const answer = await server.fetch("/charge", { method: "POST", host, headers, body });
      expectAnswer(answer, { status: 504, error: "after" });
      writeFileSync(join(server.folder, "paid"), "");
      expect(readFileSync(join(server.folder, "charges"), "utf8").trim().split("\n").length).toBe(
        1,
      );
    } finally {
      await server.stop();
    }
  }, longTestMs);
});
