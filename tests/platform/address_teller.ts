/** Answers each request with the address of its client, and the one for records; tells the port it listens on. */
import { platform } from "#platform";

const [host = ""] = platform.args;
const server = await platform.serveHttp({
  address: { kind: "tcp", host, port: 0 },
  tls: undefined,
  reusePort: false,
  idleTimeoutSeconds: 10,
  handler: (_request, info) => new Response(`${info.clientAddress()} ${info.recordedAddress()}`),
});
platform.writeOut("stdout", `${server.port}\n`);
