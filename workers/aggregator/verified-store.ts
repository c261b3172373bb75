/**
 * Verified content in the tiers: segments of rows, and columns.
 *
 * Only what was checked against the blob ID is put here, with a SHA-256 of its own behind it. The
 * length is compared on every hit, the digest on one in `DIGEST_CHECK_ONE_IN`; a value that fails
 * is removed from both tiers and counts as a miss, so it heals.
 */
import { isIntact, seal, SEAL_BYTES } from "../../shared/cache/sealed.ts";
import { DIGEST_CHECK_ONE_IN, SEGMENT_TTL_SECONDS } from "../../shared/limits.ts";
import type { Log, Random } from "../../shared/ports.ts";
import type { TierHit, Tiers } from "./tiers.ts";

/** What the store is made of. */
export interface VerifiedStore {
  readonly tiers: Tiers;
  readonly random: Random;
  readonly log: Log;
  /** Lets work outlive the answer. */
  readonly background: (work: Promise<void>) => void;
}

/** Keeps verified bytes, in the background. */
export function keepVerified(store: VerifiedStore, key: string, bytes: Uint8Array): void {
  store.background(sealAndKeep(store, key, bytes).then(() => undefined));
}

/** Keeps verified bytes; resolves to their SHA-256 when they are on their way to the tiers. */
export async function sealAndKeep(
  store: VerifiedStore,
  key: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const sealed = await seal(bytes);
  store.tiers.put(key, sealed, SEGMENT_TTL_SECONDS);
  return sealed.subarray(bytes.length);
}

/** Kept bytes of exactly `byteCount`; `null` where there are none that are sound. */
export async function readVerified(
  store: VerifiedStore,
  key: string,
  byteCount: number,
): Promise<TierHit | null> {
  const hit = await store.tiers.get(key, () => SEGMENT_TTL_SECONDS);
  if (hit === null) return null;
  const value = hit.value.subarray(0, byteCount);
  const isWhole = hit.value.length === byteCount + SEAL_BYTES;
  const isChecked = store.random.unit() * DIGEST_CHECK_ONE_IN < 1;
  if (isWhole && (!isChecked || (await isIntact(hit.value)))) {
    return { value, tier: hit.tier };
  }
  store.log.error({ event: "cache.damaged", key, tier: hit.tier });
  await store.tiers.evict(key);
  return null;
}
