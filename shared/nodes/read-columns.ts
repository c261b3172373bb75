/**
 * Reads columns (secondary slivers) of a blob from the storage nodes: what quilt patches lie in.
 *
 * Each column comes from the owner of its shard and matched its hash before it leaves here; one the
 * owner does not give is recovered from proven symbols of P rows. Source: walrus-sdk
 * `node_client/quilt_client.rs`, `node_client.rs::recover_slivers`.
 */
import { encodingParameters, sliverBytes, type VerifiedMetadata } from "../codec/index.ts";
import type { Committees } from "../protocol/epoch.ts";
import { ok, type Result } from "../result.ts";
import type { ReadFailure } from "./read-failure.ts";
import { blobGeometry } from "./read-geometry.ts";
import type { ReadPorts } from "./read-metadata.ts";
import { recoverSliver } from "./read-rebuild.ts";
import { createReading, fetchSliver } from "./read-sliver.ts";

/** The columns of one blob. What one call learns of the nodes serves the next. */
export interface ColumnReader {
  /**
   * Column `columnIndex`, verified: P·B bytes.
   *
   * @throws {RangeError} When the index is not one of a source column.
   */
  column(columnIndex: number, signal: AbortSignal): Promise<Result<Uint8Array, ReadFailure>>;
}

/** Sizes of a blob's columns. */
export interface ColumnShape {
  /** S */
  readonly columnCount: number;
  /** C = P·B */
  readonly columnBytes: number;
}

/** The columns of a blob of `unencodedBytes` bytes. */
export function columnShape(unencodedBytes: number, shardCount: number): ColumnShape {
  const { symbolBytes } = blobGeometry(unencodedBytes, shardCount);
  return {
    columnCount: encodingParameters(shardCount).secondaryCount,
    columnBytes: sliverBytes("secondary", symbolBytes, shardCount),
  };
}

/** Opens a blob of verified metadata for reading columns from `committees`. */
export function openColumns(
  ports: ReadPorts,
  committees: Committees,
  metadata: VerifiedMetadata,
): ColumnReader {
  const { unencodedBytes, shardCount } = metadata;
  const geometry = blobGeometry(unencodedBytes, shardCount);
  const { columnCount } = columnShape(unencodedBytes, shardCount);
  const reading = createReading(ports, committees, metadata, geometry);
  return {
    async column(columnIndex, signal) {
      if (!Number.isInteger(columnIndex) || columnIndex < 0 || columnIndex >= columnCount) {
        throw new RangeError(
          `Cannot read column: expected 0 to ${columnCount - 1}, got ${columnIndex}`,
        );
      }
      const target = { axis: "secondary", sliverIndex: columnIndex } as const;
      const given = await fetchSliver(reading, target, signal);
      if (typeof given === "object") return ok(given.data);
      const recovered = await recoverSliver(reading, target, signal);
      return recovered.ok ? ok(recovered.value.data) : recovered;
    },
  };
}
