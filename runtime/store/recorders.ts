import type { Recorder } from "../protocol/records.ts";

/** Hands each record to all recorders that are in the list at that time, in their order. */
export function toAll(recorders: readonly Recorder[]): Recorder {
  return {
    invocationRunning(running) {
      for (const recorder of recorders) recorder.invocationRunning(running);
    },
    invocationReturned(returned) {
      for (const recorder of recorders) recorder.invocationReturned(returned);
    },
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
