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
    const certificate = parsePem(() => new X509Certificate(cert), { file: certFile, text: cert });
    const privateKey = parsePem(() => createPrivateKey(key), { file: keyFile, text: key });
    if (!certificate.checkPrivateKey(privateKey)) {
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

/** Says in plain words what OpenSSL tells in numbers of its own. */
function parsePem<T>(parse: () => T, { file, text }: { file: string; text: string }): T {
  try {
    return parse();
  } catch (cause) {
    const reason = text.includes("ENCRYPTED") ? "is encrypted: decrypt it" : "is not PEM";
    throw new RuntimeError("tls_failed", `Cannot parse it: "${file}" ${reason}`, { cause });
  }
}
