/** Answers each request with the address of its client; listens where it is told, and tells the port. */
import { platform } from "#platform";

const [host = ""] = platform.args;
const server = await platform.serveHttp({
  address: { kind: "tcp", host, port: 0 },
  tls: undefined,
  reusePort: false,
  idleTimeoutSeconds: 10,
  handler: (_request, info) => new Response(info.clientAddress()),
});
platform.writeOut("stdout", `${server.port}\n`);
