/**
 * Resolves a name from the chain with nothing but the official client: anchor and attribute are what
 * the gateway has told, and everything else is read without it.
 */
import type { WalrusClient } from "@mysten/walrus";

/** Where a name stands, as every answer about it tells. */
export interface ToldAnchor {
  readonly objectId: string;
  readonly attribute: string;
}

/** What the anchor says of the name; `null` when it has no such attribute. */
export async function resolveOnChain(
  walrus: WalrusClient,
  { objectId, attribute }: ToldAnchor,
): Promise<unknown> {
  const attributes = await walrus.readBlobAttributes({ blobObjectId: objectId });
  const value = attributes?.[attribute];
  return value === undefined ? null : JSON.parse(value);
}
