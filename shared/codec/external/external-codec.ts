/**
 * Red Stuff over blobs larger than the isolate: three passes over ports, in bounded memory.
 *
 *     pass 1   rows of the blob in order      -> parity of each row          appended
 *     pass 2   groups of columns, any order   -> column roots, row subtrees  appended
 *              (each alone, here or in another invocation; columns kept where slivers are wanted)
 *     pass 3   digests of all groups          -> metadata
 *
 * Every step can be repeated, so work goes on from the last checkpoint, whatever happened since.
 */
import type { Result } from "../../result.ts";
import type { SizeFailure } from "../failure.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { SliverPair, VerifiedMetadata } from "../types.ts";
import {
  assertCheckpoint,
  assertPlan,
  type ExternalCheckpoint,
  openGroups,
  withGroup,
} from "./checkpoint.ts";
import { combineGroups } from "./combine.ts";
import { hashGroup } from "./hash-group.ts";
import { ingestRows } from "./ingest.ts";
import { dataRowCount, type ExternalOptions, type ExternalPlan, planExternal } from "./plan.ts";
import type { ExternalPorts } from "./ports.ts";
import { readPairs } from "./slivers.ts";

/** The codec for blobs that do not fit memory. Every call holds at most its plan's memory. */
export interface ExternalCodec {
  /** How the work on a blob of this length is cut. */
  plan(
    unencodedBytes: number,
    shardCount: number,
    options?: ExternalOptions,
  ): Result<ExternalPlan, SizeFailure>;

  /**
   * Does what is left after `checkpoint`, yielding a checkpoint after every step and returning
   * the metadata. May be left after any step (by `return`) and taken up by another instance.
   *
   * @throws {TypeError} When the checkpoint contradicts itself.
   */
  run(
    checkpoint: ExternalCheckpoint,
    ports: ExternalPorts,
  ): AsyncGenerator<ExternalCheckpoint, VerifiedMetadata>;

  /** Does one group of the second pass, once all rows are ingested: for work that is divided. */
  hashGroup(plan: ExternalPlan, ports: ExternalPorts, groupIndex: number): Promise<void>;

  /** Pairs in the order asked for, of a finished blob whose plan keeps slivers. */
  slivers(
    plan: ExternalPlan,
    ports: ExternalPorts,
    pairIndices: readonly number[],
  ): AsyncGenerator<SliverPair>;
}

/**
 * Makes an external codec from the compiled kernel. It keeps one kernel, as large as the largest
 * plan it has met: one that is dropped holds its memory until it is collected.
 */
export function createExternalCodec(module: WebAssembly.Module): ExternalCodec {
  let idle: Kernel | null = null;
  const take = (): Kernel => {
    const kernel = idle ?? new Kernel(module);
    idle = null;
    return kernel;
  };
  return {
    plan: planExternal,
    async *run(checkpoint, ports) {
      assertCheckpoint(checkpoint);
      const kernel = take();
      try {
        return yield* runFrom(kernel, checkpoint, ports);
      } finally {
        idle = kernel;
      }
    },
    async hashGroup(plan, ports, groupIndex) {
      assertPlan(plan);
      const kernel = take();
      try {
        await hashGroup(kernel, plan, ports, groupIndex);
      } finally {
        idle = kernel;
      }
    },
    slivers(plan, ports, pairIndices) {
      assertPlan(plan);
      return readPairs(plan, ports, pairIndices);
    },
  };
}

async function* runFrom(
  kernel: Kernel,
  start: ExternalCheckpoint,
  ports: ExternalPorts,
): AsyncGenerator<ExternalCheckpoint, VerifiedMetadata> {
  const { plan } = start;
  const rowCount = dataRowCount(plan);
  let checkpoint = start;
  while (checkpoint.ingestedRows < rowCount) {
    const firstRow = checkpoint.ingestedRows;
    const count = Math.min(plan.rowsTogether, rowCount - firstRow);
    await ingestRows(kernel, plan, ports, firstRow, count);
    checkpoint = { ...checkpoint, ingestedRows: firstRow + count };
    yield checkpoint;
  }
  for (const groupIndex of openGroups(checkpoint)) {
    await hashGroup(kernel, plan, ports, groupIndex);
    checkpoint = withGroup(checkpoint, groupIndex);
    yield checkpoint;
  }
  return combineGroups(kernel, plan, ports);
}
