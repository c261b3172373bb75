/** Names of what is cached of a blob, the same in the edge cache and in KV. Pure. */

/** Key of a blob's entry; `id` is its 43 characters. */
export function entryKey(id: string): string {
  return `entry/${id}`;
}

/** Key of a blob's verified metadata. */
export function metadataKey(id: string): string {
  return `metadata/${id}`;
}

/** What the keys of a blob's content are made of. */
export interface KeyedBlob {
  /** 43 characters. */
  readonly id: string;
  readonly entry: {
    readonly shardCount: number;
    /** Generation the entry was learned under: what was purged is never found again. */
    readonly purgeGeneration: number;
  };
}

/** Key of a segment of consecutive whole rows. */
export function segmentKey(blob: KeyedBlob, segmentIndex: number): string {
  return contentKey("segment", blob, segmentIndex);
}

/** Key of a column: what a patch of a quilt lies in. */
export function columnKey(blob: KeyedBlob, columnIndex: number): string {
  return contentKey("column", blob, columnIndex);
}

function contentKey(kind: string, { id, entry }: KeyedBlob, index: number): string {
  const { shardCount, purgeGeneration } = entry;
  const key = `${kind}/${id}/${shardCount}/${index}`;
  return purgeGeneration === 0 ? key : `${key}/${purgeGeneration}`;
}
