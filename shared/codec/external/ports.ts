/**
 * Where a blob larger than memory is read from, and where what is derived from it is kept.
 *
 * Rejections of a port end the work they interrupt; it goes on later from the last checkpoint.
 */

/**
 * The blob, readable by range: staged rows, an object in a bucket, a file. What is read belongs to
 * the caller, who may free it.
 */
export interface BlobSource {
  /** Exactly `byteCount` bytes from `offset` on; only ranges within the blob are asked for. */
  read(offset: number, byteCount: number): Promise<Uint8Array>;
}

/**
 * Sections of bytes that only ever grow, named by the codec.
 *
 * `append` is given the offset at which the bytes belong. Work that was interrupted is repeated and
 * appends what it appended before, the same bytes at the same offset, so a store may write them
 * again or keep what it has. What has been appended must be readable until the work is done; the
 * whole of it, without slivers, is half the blob, with them five times the blob.
 */
export interface ScratchStore {
  /** `bytes` are valid until the promise resolves. */
  append(section: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** What is read belongs to the caller, who may free it. */
  read(section: string, offset: number, byteCount: number): Promise<Uint8Array>;
}

/** Both, for one blob. */
export interface ExternalPorts {
  readonly source: BlobSource;
  readonly scratch: ScratchStore;
}

/** The parity of all rows with data, row after row, f·B bytes each. */
export const ROW_PARITY_SECTION = "row-parity";

/** The secondary slivers of one group: P·B bytes a column. */
export function columnsSection(groupIndex: number): string {
  return `columns.${groupIndex}`;
}

/**
 * The part of every parity row that lies in one group: row after row, the group's columns below S,
 * so that a row is read in one range a group.
 */
export function parityRowsSection(groupIndex: number): string {
  return `parity-rows.${groupIndex}`;
}

/** What a group adds to the trees: a root per column, then a subtree digest per row. */
export function digestsSection(groupIndex: number): string {
  return `digests.${groupIndex}`;
}
