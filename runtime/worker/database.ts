import { createAbsentDb } from "../database/absent.ts";
import type { DatabaseFacts } from "../protocol/messages.ts";

/** Gives tasks `DB`, and what goes with it; an app without a data model costs no start-up time. */
export async function installDatabase(facts: DatabaseFacts | undefined): Promise<void> {
  if (facts === undefined || facts.dataModel === null) {
    const value = createAbsentDb();
    Object.defineProperty(globalThis, "DB", { value, configurable: true, writable: true });
    return;
  }
  const { installDatabase } = await import("../database/install.ts");
  const { dir, dataModel } = facts;
  installDatabase({ dir: dir ?? undefined, dataModel, isMade: false });
}
