import type { AttachmentStore } from "./attachments.ts";
import { Batch } from "./objects/batch.ts";
import type { Database } from "./database.ts";
import { Attachment } from "./values/attachment.ts";
import { Day } from "./values/day.ts";

/** What tasks find as globals. */
export interface TaskGlobals {
  readonly DB: object;
  readonly Day: typeof Day;
  readonly Attachment: object;
}

/** Gives a database the shape in which tasks use it. */
export function toTaskGlobals(
  database: Database,
  { attachments }: { readonly attachments: AttachmentStore },
): TaskGlobals {
  return { DB: toDb(database), Day, Attachment: toAttachmentFactory(attachments) };
}

/** `DB.<model>` is looked up when it is used: one that is not there then says so. */
function toDb(database: Database): object {
  const members = {
    Batch: class extends Batch {
      constructor() {
        super(database);
      }
    },
  };
  // A model may have the name of what every object inherits.
  const isMember = (target: object, name: string) =>
    !database.hasModel(name) && (name in target || isAsked(name));
  return new Proxy(members, {
    get(target, name, receiver) {
      if (typeof name === "string" && !isMember(target, name)) return database.collection(name);
      return Reflect.get(target, name, receiver);
    },
    has: (target, name) => name in target || database.hasModel(String(name)),
    set(_target, name) {
      throw new TypeError(`Cannot set "${String(name)}" of DB: it cannot be changed`);
    },
    ownKeys: (target) => [...Reflect.ownKeys(target), ...database.modelNames],
    getOwnPropertyDescriptor(target, name) {
      const own = Reflect.getOwnPropertyDescriptor(target, name);
      if (own || !database.hasModel(String(name))) return own;
      const value = database.collection(String(name));
      return { value, enumerable: true, configurable: true, writable: false };
    },
  });
}

/** What `await` and `JSON.stringify` ask of any value. */
function isAsked(name: string): boolean {
  return name === "then" || name === "toJSON";
}

function toAttachmentFactory(attachments: AttachmentStore): object {
  return Object.freeze({
    create: (given: unknown) => attachments.create(given),
    [Symbol.hasInstance]: (value: unknown) => Attachment.isAttachment(value),
  });
}
