// The server that the package's own command starts, bound to the loopback address, which that
// command cannot be told to do.
import process from "node:process";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

http("hello", (_request, response) => {
  response.json({ hello: "world" });
});

getTestServer("hello").listen(Number(process.argv[2]), "127.0.0.1");
