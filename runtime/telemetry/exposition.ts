import type { Buckets } from "./buckets.ts";

/** The labels of one series. */
export type Labels = Readonly<Record<string, string | number>>;

/** Tells the present value of a series. */
export type Tell<T> = (labels: Labels, value: T) => void;

/** One metric, and how its series are read when somebody asks. */
export type Metric =
  & { readonly name: string; readonly help: string; readonly labels: readonly string[] }
  & (
    | { readonly kind: "counter" | "gauge"; read(tell: Tell<number>): void }
    | { readonly kind: "histogram"; read(tell: Tell<Buckets>): void }
  );

/** Metrics as text, and the media type that says how to read it. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Makes the text that Prometheus reads. The library is loaded when it is first wanted: nobody may ask,
 * and a server would start later for it.
 */
export async function createExposition(
  metrics: readonly Metric[],
): Promise<() => Promise<Exposition>> {
  const { Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry = new Registry();
  for (const metric of metrics) {
    const { name, help, labels } = metric;
    const settings = { name, help, labelNames: [...labels], registers: [registry] };
    if (metric.kind === "histogram") {
      const histogram = new Histogram(settings);
      // Values have been put in buckets already: the library has no way in for those.
      Object.assign(histogram, {
        getForPromString: () =>
          Promise.resolve({ name, help, type: "histogram", values: readBuckets(metric) }),
      });
      continue;
    }
    const Kind = metric.kind === "counter" ? Counter : Gauge;
    new Kind({
      ...settings,
      collect() {
        this.reset();
        metric.read((labels, value) => this.inc({ ...labels }, value));
      },
    });
  }
  return async () => ({ contentType: registry.contentType, text: await registry.metrics() });
}

function readBuckets({ name, read }: Extract<Metric, { kind: "histogram" }>) {
  const values: { metricName: string; labels: Labels; value: number }[] = [];
  read((labels, buckets) => {
    const counts = buckets.cumulative();
    const total = counts.at(-1) ?? 0;
    for (const [index, count] of counts.entries()) {
      const le = buckets.bounds[index] ?? "+Inf";
      values.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: count });
    }
    values.push({ metricName: `${name}_sum`, labels, value: buckets.sum });
    values.push({ metricName: `${name}_count`, labels, value: total });
  });
  return values;
}
