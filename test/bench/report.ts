/**
 * What a bench prints: cases with the peer beside us, and the machine they ran on.
 *
 * A file of `test/bench` exports `run`; if it exports `section`, too, `npm run bench` writes what
 * it measured to its section of `docs/benchmarks.md` (`page.ts`).
 */
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SectionText } from "./page.ts";

/** One measured case. `ratio` above 1 means better than the peer. */
export interface BenchCase {
  readonly name: string;
  readonly runtime: "node" | "workerd";
  readonly unit: "ms";
  readonly peer: number;
  readonly ours: number;
  readonly ratio: number;
  /** First and third quartile of ours. */
  readonly quartiles?: readonly [number, number];
  /** High-water mark of kernel memory. */
  readonly memoryBytes?: number;
  /** Samples of each side. */
  readonly samples?: number;
}

/** Something measured that has no peer. */
export interface BenchFigure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** What a file of `test/bench` exports. */
export interface Bench {
  readonly run?: () => Promise<BenchReport>;
  readonly section?: SectionText;
}

/** A whole run. */
export interface BenchReport {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly BenchCase[];
  readonly figures?: readonly BenchFigure[];
}

/** Wraps cases with the machine and the versions that were measured. */
export function reportOf(cases: readonly BenchCase[], peers: readonly string[]): BenchReport {
  const [cpu] = cpus();
  const versions: Record<string, string> = { node: process.version };
  for (const peer of peers) versions[peer] = versionOf(peer);
  return { machine: `${cpus().length} x ${cpu?.model ?? "unknown"}`, versions, cases };
}

/** A case from the samples of both sides, in milliseconds. */
export function caseOf(samples: {
  readonly name: string;
  readonly runtime: BenchCase["runtime"];
  readonly ours: readonly number[];
  readonly peer: readonly number[];
  readonly memoryBytes?: number;
}): BenchCase {
  const { ours, peer, ...rest } = samples;
  const medians = { ours: quantile(ours, 0.5), peer: quantile(peer, 0.5) };
  return {
    ...rest,
    unit: "ms",
    ...medians,
    ratio: medians.peer / medians.ours,
    quartiles: [quantile(ours, 0.25), quantile(ours, 0.75)],
    samples: ours.length,
  };
}

/** The middle one, or between the two in the middle. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Between the two nearest samples: exact for the median of an even number. */
export function quantile(samples: readonly number[], fraction: number): number {
  const ascending = samples.toSorted((left, right) => left - right);
  const place = (ascending.length - 1) * fraction;
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

function versionOf(name: string): string {
  const file = fileURLToPath(import.meta.resolve(`../../node_modules/${name}/package.json`));
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
