/** What a network keeps on disk besides ledger and slivers. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WalrusDeployment } from "../walrus-contract/operations.ts";
import type { NetworkDescription } from "./description.ts";
import type { CompleteOptions } from "./options.ts";

/** Options a network cannot change once it exists. */
type Foundation = Pick<CompleteOptions, "seed" | "nodeCount" | "shardCount">;

interface Kept {
  readonly foundation: Foundation;
  readonly deployment: WalrusDeployment;
}

const DEPLOYMENT_FILE = "deployment.json";

/**
 * The deployment of an earlier run, `null` when the folder holds none.
 *
 * @throws {Error} When the folder holds a network of another seed or size.
 */
export function loadDeployment(
  stateDir: string,
  options: CompleteOptions,
): WalrusDeployment | null {
  const file = join(stateDir, DEPLOYMENT_FILE);
  if (!existsSync(file)) return null;
  const { foundation, deployment } = JSON.parse(readFileSync(file, "utf8")) as Kept;
  const wanted = foundationOf(options);
  for (const key of ["seed", "nodeCount", "shardCount"] as const) {
    if (foundation[key] !== wanted[key]) {
      throw new Error(
        `Cannot reuse ${stateDir}: it holds a network with ${key} ${foundation[key]}, ` +
          `${wanted[key]} was asked for`,
      );
    }
  }
  return deployment;
}

export function saveDeployment(
  stateDir: string,
  options: CompleteOptions,
  deployment: WalrusDeployment,
): void {
  const kept: Kept = { foundation: foundationOf(options), deployment };
  writeJson(join(stateDir, DEPLOYMENT_FILE), kept);
}

/** Writes `network.json`. */
export function saveDescription(stateDir: string, description: NetworkDescription): void {
  writeJson(join(stateDir, "network.json"), description);
}

/** File of a node's slivers. */
export function sliverLogPath(stateDir: string, name: string): string {
  mkdirSync(join(stateDir, "nodes"), { recursive: true });
  return join(stateDir, "nodes", `${name}.log`);
}

/** Readers never see half a file. */
function writeJson(file: string, content: unknown): void {
  writeFileSync(`${file}.tmp`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}

function foundationOf({ seed, nodeCount, shardCount }: CompleteOptions): Foundation {
  return { seed, nodeCount, shardCount };
}
