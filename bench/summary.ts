import type { Sample } from "./measure.ts";
import { type Subject, workerd } from "./subjects.ts";

/** The samples of one subject, one per round. */
export interface Series {
  readonly subject: Subject;
  readonly samples: readonly Sample[];
}

/** The medians of one subject, and the medians of its ratios to its base. */
export interface Summary {
  readonly name: string;
  readonly base: string;
  readonly medians: Sample;
  /** Each round's value divided by the base's value of the same round, then the median. */
  readonly ratios: Sample;
}

/** One goal, checked on one subject. */
export interface Verdict {
  readonly name: string;
  readonly goal: string;
  readonly value: string;
  readonly isMet: boolean;
}

const maxCpuRatio = 2.5;
const minThroughputRatio = 0.4;
const maxOneConnectionRatio = 4;

/** Reduces the rounds of every subject to medians and ratios. */
export function summarize(all: readonly Series[]): Summary[] {
  const byName = new Map(all.map((series) => [series.subject.name, series]));
  return all.map(({ subject, samples }) => ({
    name: subject.name,
    base: subject.base,
    medians: medianSample(samples),
    ratios: medianSample(divideByRound(samples, byName.get(subject.base)?.samples ?? [])),
  }));
}

/** Checks the goals of the project on every subject that must meet them. */
export function judge(all: readonly Series[], summaries: readonly Summary[]): Verdict[] {
  const kinds = new Map(all.map(({ subject }) => [subject.name, subject.kind]));
  const peer = summaries.find((summary) => summary.name === workerd);
  return summaries
    .filter((summary) => kinds.get(summary.name) === "webtaskd")
    .flatMap((summary) => [...judgeRatios(summary), ...judgeAgainst(peer, summary)]);
}

function judgeRatios({ name, base, ratios }: Summary): Verdict[] {
  const cpu = ratios.cpuMicrosPerRequest;
  const throughput = ratios.requestsPerSecond;
  const latency = ratios.p50OneConnectionMs;
  return [
    {
      name,
      goal: `CPU per request <= ${maxCpuRatio} x ${base}`,
      value: cpu.toFixed(2),
      isMet: cpu <= maxCpuRatio,
    },
    {
      name,
      goal: `throughput >= ${minThroughputRatio} x ${base}`,
      value: throughput.toFixed(2),
      isMet: throughput >= minThroughputRatio,
    },
    {
      name,
      goal: `p50 at one connection <= ${maxOneConnectionRatio} x ${base}`,
      value: latency.toFixed(2),
      isMet: latency <= maxOneConnectionRatio,
    },
  ];
}

function judgeAgainst(peer: Summary | undefined, { name, medians }: Summary): Verdict[] {
  if (!peer) return [];
  const own = medians.requestsPerSecond;
  const other = peer.medians.requestsPerSecond;
  const value = `${own.toFixed(0)} > ${other.toFixed(0)}`;
  return [{ name, goal: `throughput above ${peer.name}'s`, value, isMet: own > other }];
}

function divideByRound(samples: readonly Sample[], bases: readonly Sample[]): Sample[] {
  return samples.flatMap((sample, round) => {
    const base = bases[round];
    return base ? [mapSample((key) => sample[key] / base[key])] : [];
  });
}

function medianSample(samples: readonly Sample[]): Sample {
  return mapSample((key) => median(samples.map((sample) => sample[key])));
}

function mapSample(valueOf: (key: keyof Sample) => number): Sample {
  return {
    cpuMicrosPerRequest: valueOf("cpuMicrosPerRequest"),
    requestsPerSecond: valueOf("requestsPerSecond"),
    p50Ms: valueOf("p50Ms"),
    p99Ms: valueOf("p99Ms"),
    p50OneConnectionMs: valueOf("p50OneConnectionMs"),
  };
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  return (lower + upper) / 2;
}
