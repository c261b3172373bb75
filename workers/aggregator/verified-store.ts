/**
 * Verified content in the tiers: segments of rows, and columns.
 *
 * Only what was checked against the blob ID is put here, with a SHA-256 of its own behind it. The
 * length is compared on every hit, the digest on one in `DIGEST_CHECK_ONE_IN`; a value that fails
 * is removed from both tiers and counts as a miss, so it heals.
 */
import { isIntact, seal, SEAL_BYTES, sealInPlace } from "../../shared/cache/sealed.ts";
import { DIGEST_CHECK_ONE_IN, SEGMENT_TTL_SECONDS } from "../../shared/limits.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import type { Log, Random } from "../../shared/ports.ts";
import type { TierHit, TierName, TierPart, Tiers } from "./tiers.ts";

/** What the store is made of. */
export interface VerifiedStore {
  readonly tiers: Tiers;
  readonly random: Random;
  readonly log: Log;
  /** The digest of every hit is checked, not that of one in `DIGEST_CHECK_ONE_IN`. */
  readonly checksEveryDigest?: boolean;
}

/**
 * The store for whoever must be able to tell damage in a cache from a flaw of the blob, or keeps
 * again what it finds: a new digest over damaged bytes would hide the damage for good.
 */
export function checkingEveryDigest<T extends VerifiedStore>(store: T): T {
  return { ...store, checksEveryDigest: true };
}

const ttlSecondsOf = () => SEGMENT_TTL_SECONDS;

/** Keeps verified bytes; resolves to their SHA-256 when they are in the tiers, or given up. */
export async function sealAndKeep(
  store: VerifiedStore,
  key: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const sealed = await seal(bytes);
  await store.tiers.put(key, sealed, SEGMENT_TTL_SECONDS);
  return sealed.subarray(bytes.length);
}

/** As `sealAndKeep`, of bytes that have `SEAL_BYTES` of room behind them, which take their digest. */
export async function keepInPlace(
  store: VerifiedStore,
  key: string,
  value: Uint8Array,
): Promise<Uint8Array> {
  await sealInPlace(value);
  await store.tiers.put(key, value, SEGMENT_TTL_SECONDS);
  return value.slice(-SEAL_BYTES);
}

/** Kept bytes of exactly `byteCount`; `null` where there are none that are sound. */
export async function readVerified(
  store: VerifiedStore,
  key: string,
  byteCount: number,
): Promise<TierHit | null> {
  const isChecked = isDrawn(store);
  const hit = await store.tiers.get(key, ttlSecondsOf);
  return hit === null ? null : sound(store, key, hit, byteCount, isChecked);
}

/**
 * Bytes `range` of kept bytes of exactly `byteCount`, unread where a tier can hand them on; `null`
 * where there are none that are sound. Those whose digest is checked are read whole.
 */
export async function openVerified(
  store: VerifiedStore,
  key: string,
  byteCount: number,
  range: ByteRange,
): Promise<TierHit | TierPart | null> {
  const isChecked = isDrawn(store);
  const wanted = { range, totalBytes: byteCount + SEAL_BYTES };
  const hit = isChecked
    ? await store.tiers.get(key, ttlSecondsOf)
    : await store.tiers.open(key, ttlSecondsOf, wanted);
  if (hit === null || "body" in hit) return hit;
  const whole = await sound(store, key, hit, byteCount, isChecked);
  return whole === null
    ? null
    : { value: whole.value.subarray(range.start, range.end), tier: whole.tier };
}

/** Whether this hit is one of those whose digest is checked. */
function isDrawn({ random, checksEveryDigest = false }: VerifiedStore): boolean {
  return checksEveryDigest || random.unit() * DIGEST_CHECK_ONE_IN < 1;
}

/** The hit without its seal; `null`, and gone from both tiers, when it is damaged. */
async function sound(
  store: VerifiedStore,
  key: string,
  hit: TierHit,
  byteCount: number,
  isChecked: boolean,
): Promise<TierHit | null> {
  const isWhole = hit.value.length === byteCount + SEAL_BYTES;
  if (isWhole && (!isChecked || (await isIntact(hit.value)))) {
    return { value: hit.value.subarray(0, byteCount), tier: hit.tier };
  }
  await evictDamaged(store, key, hit.tier);
  return null;
}

/** Removes a value that is not what was kept, from both tiers. */
export async function evictDamaged(
  { tiers, log }: Pick<VerifiedStore, "tiers" | "log">,
  key: string,
  tier: TierName,
): Promise<void> {
  log.error({ event: "cache.damaged", key, tier });
  await tiers.evict(key);
}
