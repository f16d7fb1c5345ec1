/** What is known of an attachment without reading it. */
export interface AttachmentFacts {
  readonly id: string;
  readonly filename: string;
}

/** Where the bytes of attachments are. */
export interface AttachmentBytes {
  read(id: string): Promise<Uint8Array>;
}

/** A file that belongs to an object. It never changes: a new content is a new attachment. */
export class Attachment implements AttachmentFacts {
  readonly id: string;
  readonly filename: string;
  readonly #bytes: AttachmentBytes;

  constructor({ id, filename }: AttachmentFacts, bytes: AttachmentBytes) {
    this.id = id;
    this.filename = filename;
    this.#bytes = bytes;
    Object.freeze(this);
  }

  /** Whether a value is an attachment. */
  static isAttachment(value: unknown): value is Attachment {
    return typeof value === "object" && value !== null && #bytes in value;
  }

  /** The content as UTF-8 text. */
  async toText(): Promise<string> {
    return new TextDecoder().decode(await this.#bytes.read(this.id));
  }

  /** The content as base64. */
  async toBase64(): Promise<string> {
    return Buffer.from(await this.#bytes.read(this.id)).toString("base64");
  }

  /** The content as bytes. */
  async toArrayBuffer(): Promise<ArrayBuffer> {
    // A buffer of its own: small files share theirs with others.
    return new Uint8Array(await this.#bytes.read(this.id)).buffer;
  }

  toJSON(): AttachmentFacts {
    return { id: this.id, filename: this.filename };
  }
}
