import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readCertificate } from "../../runtime/gateway/certificate.ts";
import { createTempFolder } from "../temp_folder.ts";

const folder = join(import.meta.dir, "../fixtures/tls");
const [certFile, keyFile] = [join(folder, "first.crt"), join(folder, "first.key")];

async function refusalOf(files: { certFile: string; keyFile: string }): Promise<string> {
  const error = await readCertificate(files).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "RuntimeError", code: "tls_failed" });
  expect(error.message).toStartWith(
    `Cannot use certificate "${files.certFile}" with key "${files.keyFile}": `,
  );
  return error.message;
}

describe("readCertificate()", () => {
  test("reads a certificate and its key", async () => {
    expect(await readCertificate({ certFile, keyFile })).toEqual({
      cert: await readFile(certFile, "utf8"),
      key: await readFile(keyFile, "utf8"),
    });
  });

  test("refuses a key that is that of another certificate", async () => {
    expect(await refusalOf({ certFile, keyFile: join(folder, "second.key") })).toContain(
      "the key is that of another one",
    );
  });

  test("refuses a file that is not there", async () => {
    expect(await refusalOf({ certFile: join(folder, "third.crt"), keyFile })).toContain("ENOENT");
    await refusalOf({ certFile, keyFile: join(folder, "third.key") });
  });

  test("refuses files that hold something else", async () => {
    await using temporary = await createTempFolder({ text: "hello", empty: "" });
    for (const name of ["text", "empty"]) {
      const file = join(temporary.path, name);
      expect(await refusalOf({ certFile: file, keyFile })).toEndWith(`"${file}" is not PEM`);
      expect(await refusalOf({ certFile, keyFile: file })).toEndWith(`"${file}" is not PEM`);
    }
    expect(await refusalOf({ certFile: keyFile, keyFile: certFile })).toContain("is not PEM");
  });

  test("refuses a key that is encrypted", async () => {
    const { privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
    });
    await using temporary = await createTempFolder({ key: privateKey });
    const file = join(temporary.path, "key");
    expect(await refusalOf({ certFile, keyFile: file })).toEndWith(
      `"${file}" is encrypted: decrypt it`,
    );
  });
});
