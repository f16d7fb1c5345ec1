import type { TaskSettings } from "../base/task_settings.ts";

/** The name of an app's manifest. */
export const manifestName = "cloudcode.json";

/** A task the manifest names. */
export interface ManifestTask {
  readonly name: string;
  /** Its module, relative to the app's folder, with `/`. */
  readonly file: string;
  /** Whether it is served over HTTP. */
  readonly isWeb: boolean;
  /** What its entry says, over what `defaults` says. */
  readonly given: Partial<TaskSettings>;
}

/** A checked `cloudcode.json`. */
export interface Manifest {
  /** The path of the manifest, below the app's folder as it was given. */
  readonly file: string;
  readonly app: string;
  /** The CloudCode version the app is written for. */
  readonly version: string;
  readonly tasks: readonly ManifestTask[];
}
