/** What a bench prints: cases with the peer beside us, and the machine they ran on. */
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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
  /** Kernel memory after the case. */
  readonly memoryBytes?: number;
}

/** Something measured that has no peer. */
export interface BenchFigure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
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
  };
}

function quantile(samples: readonly number[], fraction: number): number {
  const ascending = [...samples].sort((a, b) => a - b);
  return ascending[Math.floor((ascending.length - 1) * fraction)] ?? Number.NaN;
}

function versionOf(name: string): string {
  const file = fileURLToPath(import.meta.resolve(`../../node_modules/${name}/package.json`));
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
