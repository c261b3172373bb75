/**
 * Prometheus' text format (version 0.0.4) from samples. Pure.
 *
 * Source: prometheus.io, Exposition formats: `# HELP`, `# TYPE`, one line a series; histograms have
 * cumulative `_bucket`s with `le`, `_sum` and `_count`.
 */
import { type Metric, type MetricName, METRICS } from "./catalogue.ts";

export type Labels = Readonly<Record<string, string>>;

/** One series of a counter or gauge. */
export interface Sample {
  readonly name: MetricName;
  readonly labels?: Labels;
  readonly value: number | bigint;
}

/** One series of a histogram. */
export interface HistogramSample {
  readonly name: MetricName;
  readonly labels?: Labels;
  /** Observations in each bucket alone, the one above the last bound included. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The page, families in the order of the catalogue; those without a sample are left out. */
export function exposition(samples: readonly (Sample | HistogramSample)[]): string {
  const lines: string[] = [];
  for (const [name, metric] of Object.entries<Metric>(METRICS)) {
    const own = samples.filter((sample) => sample.name === name);
    if (own.length === 0) continue;
    lines.push(`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`);
    for (const sample of own) {
      if ("value" in sample) lines.push(line(name, sample.labels, sample.value));
      else if (metric.type === "histogram") lines.push(...histogramLines(sample, metric.buckets));
    }
  }
  return `${lines.join("\n")}\n`;
}

function histogramLines(
  { name, labels, counts, sum }: HistogramSample,
  buckets: readonly number[],
): string[] {
  let cumulative = 0;
  const lines = [...buckets, Infinity].map((bound, index) => {
    cumulative += counts[index] ?? 0;
    const le = bound === Infinity ? "+Inf" : String(bound);
    return line(`${name}_bucket`, { ...labels, le }, cumulative);
  });
  return [...lines, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, cumulative)];
}

function line(name: string, labels: Labels = {}, value: number | bigint): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
