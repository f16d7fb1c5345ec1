import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { messageOf, RuntimeError } from "../base/errors.ts";
import type { TlsFiles } from "../config/config.ts";
import type { TlsCertificate } from "../platform/platform.ts";

/**
 * Reads a certificate and its key, and checks that they belong together.
 * @throws {RuntimeError} `tls_failed` with both files and the reason.
 */
export async function readCertificate({ certFile, keyFile }: TlsFiles): Promise<TlsCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      throw new RuntimeError("tls_failed", "Cannot pair them: the key is that of another one");
    }
    return { cert, key };
  } catch (cause) {
    const message = `Cannot use certificate "${certFile}" with key "${keyFile}": ${
      messageOf(cause)
    }`;
    throw new RuntimeError("tls_failed", message, { cause });
  }
}
