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

/** A whole run. */
export interface BenchReport {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly BenchCase[];
}

/** Wraps cases with the machine and the versions that were measured. */
export function reportOf(cases: readonly BenchCase[], peers: readonly string[]): BenchReport {
  const [cpu] = cpus();
  const versions: Record<string, string> = { node: process.version };
  for (const peer of peers) versions[peer] = versionOf(peer);
  return { machine: `${cpus().length} x ${cpu?.model ?? "unknown"}`, versions, cases };
}

/** Runs ours and the peer alternately in this process and compares medians. */
export function compare(
  name: string,
  rounds: number,
  ours: () => void,
  peer: () => void,
): BenchCase {
  const oursMs: number[] = [];
  const peerMs: number[] = [];
  ours();
  for (let round = 0; round < rounds; round++) {
    oursMs.push(timeMs(ours));
    peerMs.push(timeMs(peer));
  }
  const at = (samples: number[], fraction: number) =>
    samples.sort((a, b) => a - b)[Math.floor((samples.length - 1) * fraction)] ?? Number.NaN;
  const medians = { ours: at(oursMs, 0.5), peer: at(peerMs, 0.5) };
  return {
    name,
    runtime: "node",
    unit: "ms",
    ...medians,
    ratio: medians.peer / medians.ours,
    quartiles: [at(oursMs, 0.25), at(oursMs, 0.75)],
  };
}

function timeMs(body: () => void): number {
  const started = performance.now();
  body();
  return performance.now() - started;
}

function versionOf(name: string): string {
  const file = fileURLToPath(import.meta.resolve(`../../node_modules/${name}/package.json`));
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
