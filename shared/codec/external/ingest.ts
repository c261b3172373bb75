/**
 * First pass: rows of the blob in order, their parity appended to scratch.
 *
 * Rows are expanded with the secondary code (S to n). Source: `walrus-core
 * encoding/blob_encoding.rs`.
 */
import type { Kernel } from "../kernel/kernel.ts";
import { encodingParameters } from "../parameters.ts";
import {
  encodeLanes,
  encodeWorkBytes,
  laneSlices,
  linearCode,
  positionWidthMax,
  sliceOf,
} from "../reed-solomon.ts";
import type { ExternalPlan } from "./plan.ts";
import { type ExternalPorts, ROW_PARITY_SECTION } from "./ports.ts";
import { appendSection, loadBlob } from "./transfer.ts";

/** Appends the parity of rows firstRow … firstRow + rowCount - 1. */
export async function ingestRows(
  kernel: Kernel,
  plan: ExternalPlan,
  ports: ExternalPorts,
  firstRow: number,
  rowCount: number,
): Promise<void> {
  const { shardCount, symbolBytes } = plan;
  const { secondaryCount, faultyCount } = encodingParameters(shardCount);
  const rowBytes = secondaryCount * symbolBytes;
  const parityBytes = faultyCount * symbolBytes;
  const mark = kernel.mark();
  try {
    const rows = kernel.reserve(rowCount * rowBytes);
    kernel.clear(rows, rowCount * rowBytes);
    await loadBlob(kernel, plan, ports, rows, firstRow * rowBytes, rowCount * rowBytes);
    const parity = kernel.reserve(rowCount * parityBytes);
    const code = linearCode(secondaryCount, shardCount);
    const work = kernel.reserve(encodeWorkBytes(code, positionWidthMax(rowCount, symbolBytes)));
    const source = { address: rows, positionStride: symbolBytes, laneStride: rowBytes };
    const target = { address: parity, positionStride: symbolBytes, laneStride: parityBytes };
    for (const slice of laneSlices(rowCount, symbolBytes)) {
      const grid = sliceOf(target, slice);
      encodeLanes(kernel, code, sliceOf(source, slice), slice, work, (values, first, count) => {
        const address = grid.address + first * symbolBytes;
        kernel.scatter({ ...grid, address }, values, count, slice.shape);
      });
    }
    const offset = firstRow * parityBytes;
    const byteCount = rowCount * parityBytes;
    await appendSection(kernel, plan, ports, ROW_PARITY_SECTION, offset, parity, byteCount);
  } finally {
    kernel.releaseTo(mark);
  }
}
