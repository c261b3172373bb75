/**
 * Third pass: the digests of all groups become row roots, column roots and the blob ID.
 */
import { sealMetadata } from "../blob-hasher.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { DIGEST_BYTES } from "../parameters.ts";
import { TreeFrontier } from "../tree-frontier.ts";
import type { VerifiedMetadata } from "../types.ts";
import { type ExternalPlan, groupAt, groupCountOf } from "./plan.ts";
import { digestsSection, type ExternalPorts } from "./ports.ts";
import { exactly } from "./transfer.ts";

const PAIR_BYTES = 2 * DIGEST_BYTES;

/** Computes the metadata; every group must have been done. */
export async function combineGroups(
  kernel: Kernel,
  plan: ExternalPlan,
  { scratch }: ExternalPorts,
): Promise<VerifiedMetadata> {
  const { shardCount, unencodedBytes } = plan;
  const groupCount = groupCountOf(plan);
  const sliverHashes = new Uint8Array(shardCount * PAIR_BYTES);
  const mark = kernel.mark();
  try {
    const rows = new TreeFrontier(kernel, shardCount, groupCount);
    const nodes = kernel.reserve(shardCount * DIGEST_BYTES);
    for (let groupIndex = 0; groupIndex < groupCount; groupIndex++) {
      const { firstColumn, columnCount } = groupAt(plan, groupIndex);
      const byteCount = (columnCount + shardCount) * DIGEST_BYTES;
      const digests = exactly(
        await scratch.read(digestsSection(groupIndex), 0, byteCount),
        byteCount,
      );
      for (let column = 0; column < columnCount; column++) {
        const pairIndex = shardCount - 1 - (firstColumn + column);
        sliverHashes.set(digestAt(digests, column), pairIndex * PAIR_BYTES + DIGEST_BYTES);
      }
      kernel.write(nodes, digests.subarray(columnCount * DIGEST_BYTES));
      rows.push(nodes);
    }
    const roots = rows.finish();
    for (let row = 0; row < shardCount; row++) {
      sliverHashes.set(digestAt(roots, row), row * PAIR_BYTES);
    }
    return sealMetadata(kernel, { shardCount, unencodedBytes, sliverHashes });
  } finally {
    kernel.releaseTo(mark);
  }
}

function digestAt(digests: Uint8Array, index: number): Uint8Array {
  return digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
}
