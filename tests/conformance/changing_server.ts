import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerOptions, startServer, type TestServer } from "./server.ts";
import { root, type Target } from "./targets.ts";
import { until, untilExists } from "./wait.ts";

/** The host of the app `globex`. */
export const globexHost = "globex-testing.localhost";

/** A server with a copy of the app `globex` that a test may change. */
export class ChangingServer implements AsyncDisposable {
  readonly server: TestServer;
  readonly #app: string;

  private constructor(server: TestServer, app: string) {
    this.server = server;
    this.#app = app;
  }

  static async start(target: Target, options: ServerOptions = {}): Promise<ChangingServer> {
    const app = mkdtempSync(join(tmpdir(), "wt-app-"));
    cpSync(join(root, "tests/fixtures/globex"), app, { recursive: true });
    return new ChangingServer(await startServer(target, { ...options, apps: [app] }), app);
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** Replaces a file of the app. */
  write(file: string, text: string): void {
    writeFileSync(join(this.#app, file), text);
  }

  fetch(path: string) {
    return this.server.fetch(path, { host: globexHost });
  }

  /** Starts a request that goes on until it is released. */
  async hold(name: string) {
    const file = join(this.server.folder, name);
    const answer = this.fetch(`/waiting?file=${encodeURIComponent(file)}`);
    await untilExists(`${file}.started`);
    return { answer, file, release: () => writeFileSync(file, "") };
  }

  /** Waits until a new request to the task `version` is answered so. */
  untilVersion(text: string) {
    return until(`"${text}"`, async () => (await this.fetch("/version")).text === text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    rmSync(this.#app, { recursive: true, force: true });
  }
}

/** The text of a task that answers with a text. */
export function versionTask(text: string): string {
  return `export const authenticate = ({ access }) => access.authorized();
export const get = () => ${JSON.stringify(text)};
`;
}
