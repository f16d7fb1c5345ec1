import type { Recorder } from "../protocol/records.ts";

/** Gives each record to several recorders, in order. */
export function toAll(recorders: readonly Recorder[]): Recorder {
  return {
    invocationOverdue(overdue) {
      for (const recorder of recorders) recorder.invocationOverdue(overdue);
    },
    invocationEnded(record) {
      for (const recorder of recorders) recorder.invocationEnded(record);
    },
    requestEnded(record) {
      for (const recorder of recorders) recorder.requestEnded(record);
    },
    output(output) {
      for (const recorder of recorders) recorder.output(output);
    },
  };
}
