/**
 * Counters that outlive their object: sums in memory, written to SQLite when asked to. Plain rows.
 *
 * A histogram is kept as one counter for each bucket alone and one for the sum.
 */
import { METRICS_SERIES_MAX } from "../../../shared/limits.ts";
import type { Sql } from "../sql.ts";
import { COUNTED_UNLABELLED, type CountedName, type Metric, METRICS } from "./catalogue.ts";
import type { HistogramSample, Labels, Sample } from "./exposition.ts";

/** By how much one series has grown; of a histogram, one observation. */
export interface Increment {
  readonly name: CountedName;
  readonly labels?: Labels;
  readonly by: number;
}

/** The counters. */
export interface Counters {
  /** Adds in memory. Beyond `METRICS_SERIES_MAX` series new ones are left out. */
  add(increments: readonly Increment[]): void;
  /** Writes what has changed. */
  flush(): void;
  /** Everything counted, what is not written yet included; families without labels even at zero. */
  samples(): readonly (Sample | HistogramSample)[];
}

interface Series {
  readonly name: CountedName;
  readonly labels: Labels;
  /** Of a histogram: its buckets, then the sum; else one number. */
  readonly values: number[];
  isChanged: boolean;
}

/** Opens the counters. */
export function createCounters(sql: Sql): Counters {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS counters (
       name TEXT NOT NULL,
       labels TEXT NOT NULL,
       amounts TEXT NOT NULL,
       PRIMARY KEY (name, labels)
     ) WITHOUT ROWID`,
  );
  const series = new Map<string, Series>(
    COUNTED_UNLABELLED.map((name) => [keyOf(name, {}), newSeries(name, {})]),
  );
  for (const row of sql.exec("SELECT name, labels, amounts FROM counters").toArray()) {
    const name = String(row["name"]);
    // A family that an older version counted is left alone.
    if (!(name in METRICS)) continue;
    const labels = JSON.parse(String(row["labels"])) as Labels;
    const values = JSON.parse(String(row["amounts"])) as number[];
    series.set(keyOf(name, labels), {
      name: name as CountedName,
      labels,
      values,
      isChanged: false,
    });
  }
  return {
    add(increments) {
      for (const { name, labels = {}, by } of increments) {
        const key = keyOf(name, labels);
        const known = series.get(key);
        if (known === undefined && series.size >= METRICS_SERIES_MAX) continue;
        const one = known ?? newSeries(name, labels);
        series.set(key, one);
        addTo(one, by);
      }
    },
    flush() {
      for (const one of series.values()) {
        if (!one.isChanged) continue;
        const { name, labels, values } = one;
        const row = [name, JSON.stringify(labels), JSON.stringify(values)];
        sql.exec("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", ...row);
        one.isChanged = false;
      }
    },
    samples: () => [...series.values()].map(sampleOf),
  };
}

function addTo(series: Series, by: number): void {
  const { name, values } = series;
  const metric: Metric = METRICS[name];
  series.isChanged = true;
  if (metric.type !== "histogram") {
    values[0] = (values[0] ?? 0) + by;
    return;
  }
  const found = metric.buckets.findIndex((bound) => by <= bound);
  const index = found === -1 ? metric.buckets.length : found;
  values[index] = (values[index] ?? 0) + 1;
  const last = metric.buckets.length + 1;
  values[last] = (values[last] ?? 0) + by;
}

function newSeries(name: CountedName, labels: Labels): Series {
  const metric: Metric = METRICS[name];
  const length = metric.type === "histogram" ? metric.buckets.length + 2 : 1;
  return { name, labels, values: Array.from<number>({ length }).fill(0), isChanged: false };
}

function sampleOf({ name, labels, values }: Series): Sample | HistogramSample {
  if (METRICS[name].type !== "histogram") return { name, labels, value: values[0] ?? 0 };
  return { name, labels, counts: values.slice(0, -1), sum: values.at(-1) ?? 0 };
}

function keyOf(name: string, labels: Labels): string {
  return `${name} ${JSON.stringify(labels)}`;
}
