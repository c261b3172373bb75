/**
 * The signer bitmap of a certificate. Pure.
 *
 * Member i is bit i mod 8 of byte floor(i / 8), least significant bit first. A bitmap may be shorter
 * than the committee, never longer. Sources: Move `bls_aggregate.move::verify_certificate_and_weight`,
 * walrus-sui `client/transaction_builder/owned_blob_ops.rs::signers_to_bitmap`.
 */

/**
 * Bitmap of `memberCount` bits with those of `memberIndices` set: ceil(memberCount / 8) bytes.
 *
 * @throws {RangeError} When an index is not in 0 … memberCount - 1: the contract would abort.
 */
export function signersBitmap(
  memberIndices: Iterable<number>,
  memberCount: number,
): Uint8Array<ArrayBuffer> {
  const bitmap = new Uint8Array(Math.ceil(memberCount / 8));
  for (const memberIndex of memberIndices) {
    if (!Number.isInteger(memberIndex) || memberIndex < 0 || memberIndex >= memberCount) {
      throw new RangeError(
        `Cannot set signer: expected 0 … ${memberCount - 1}, got ${String(memberIndex)}`,
      );
    }
    const byteIndex = memberIndex >> 3;
    bitmap[byteIndex] = (bitmap[byteIndex] ?? 0) | (1 << (memberIndex & 7));
  }
  return bitmap;
}

/**
 * Member indices set in a bitmap, ascending; `null` when the contract would refuse it as too long or
 * naming members that do not exist.
 */
export function signersOfBitmap(bitmap: Uint8Array, memberCount: number): number[] | null {
  if (bitmap.length > Math.ceil(memberCount / 8)) return null;
  const signers: number[] = [];
  for (let memberIndex = 0; memberIndex < bitmap.length * 8; memberIndex++) {
    if ((((bitmap[memberIndex >> 3] ?? 0) >> (memberIndex & 7)) & 1) === 0) continue;
    if (memberIndex >= memberCount) return null;
    signers.push(memberIndex);
  }
  return signers;
}
