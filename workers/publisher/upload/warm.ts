/**
 * Puts a blob that was just stored into KV as the aggregator would have: what is known of it and its
 * metadata always, its bytes where they are few. So the first read anywhere asks no storage node.
 *
 * The bytes were encoded to the blob ID by this upload, which is the strictest check there is. KV
 * that fails, or is slow, costs the readers a look-up and the uploader nothing.
 */
import { encodeEntry } from "../../../shared/cache/entry.ts";
import { decodeGateRules, purgeGenerationOf } from "../../../shared/cache/gate-rules.ts";
import { entryKey, metadataKey, segmentKey } from "../../../shared/cache/keys.ts";
import { lifetimeSeconds } from "../../../shared/cache/lifetime.ts";
import { seal } from "../../../shared/cache/sealed.ts";
import { agreedType } from "../../../shared/http/media-type.ts";
import { inTime } from "../../../shared/in-time.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import {
  KV_TTL_SECONDS_MIN,
  SEGMENT_TTL_SECONDS,
  WARM_TIMEOUT_MS,
} from "../../../shared/limits.ts";
import { blobGeometry, bytesOfRows, rowsOfSegment } from "../../../shared/nodes/read-geometry.ts";
import type { Clock, KeyValue, Log, Timer } from "../../../shared/ports.ts";
import type { EpochTiming } from "../../../shared/protocol/epoch.ts";

/** A blob that was certified. */
export interface StoredBlob {
  /** 43 characters of base64url. */
  readonly blobId: string;
  readonly unencodedBytes: number;
  readonly shardCount: number;
  /** Exclusive; `null` where the lease can be taken back. */
  readonly endEpoch: number | null;
  /** Metadata as the nodes have it; `null` when this run has not made it. */
  readonly metadata: Uint8Array<ArrayBuffer> | null;
  readonly timing: EpochTiming | null;
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

/** What warming needs. */
export interface WarmPorts {
  readonly kv: KeyValue;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** The gate's rules as JSON text, from their one writer. */
  readonly gateRules: () => Promise<string | null>;
  /** What this gateway's stores have recorded as the type of a blob. */
  readonly recordedTypes: (blobId: string) => Promise<readonly string[]>;
  /** Largest blob whose bytes are put there, too. */
  readonly warmBytesMax: number;
}

/** Makes the warming of one upload. */
export function createWarmer(ports: WarmPorts): (stored: StoredBlob) => Promise<void> {
  return async (stored) => {
    const { log, timer } = ports;
    const { blobId } = stored;
    try {
      const isLate = await inTime(timer, WARM_TIMEOUT_MS, warm(ports, stored), true);
      if (isLate === true) log.warn({ event: "warm.late", blobId });
    } catch (error) {
      log.warn({ event: "warm.failed", blobId, error: String(error) });
    }
  };
}

async function warm(ports: WarmPorts, stored: StoredBlob): Promise<void> {
  const { kv, clock, warmBytesMax } = ports;
  const { blobId, unencodedBytes, shardCount, endEpoch, metadata, timing } = stored;
  if (timing === null) return;
  const [rules, types] = await Promise.all([ports.gateRules(), ports.recordedTypes(blobId)]);
  const nowMs = clock.nowMs();
  const ttlSeconds = Math.min(SEGMENT_TTL_SECONDS, lifetimeSeconds({ endEpoch }, timing, nowMs));
  if (ttlSeconds < KV_TTL_SECONDS_MIN) return;
  const bytes = unencodedBytes <= warmBytesMax ? stored.bytes() : null;
  const entry = {
    version: 1,
    unencodedBytes,
    shardCount,
    endEpoch,
    learnedEpoch: timing.epoch,
    expiresAtMs: nowMs + ttlSeconds * 1_000,
    purgeGeneration: rules === null ? 0 : purgeGenerationOf(decodeGateRules(rules), blobId),
    contentType: null,
    recordedType: agreedType(types),
    isStrict: true,
    sha256: bytes === null ? null : toBase64(await sha256(bytes)),
  } as const;
  // The entry last: who finds it finds the rest.
  await Promise.all([
    metadata === null
      ? null
      : kv.put(metadataKey(blobId), metadata, { ttlSeconds: SEGMENT_TTL_SECONDS }),
    ...(bytes === null ? [] : segments({ id: blobId, entry }, bytes, kv)),
  ]);
  await kv.put(entryKey(blobId), encodeEntry(entry), { ttlSeconds });
}

function segments(
  blob: {
    readonly id: string;
    readonly entry: { readonly shardCount: number; readonly purgeGeneration: number };
  },
  bytes: Uint8Array,
  kv: KeyValue,
): Promise<void>[] {
  const geometry = blobGeometry(bytes.length, blob.entry.shardCount);
  return Array.from({ length: geometry.segmentCount }, async (_, index) => {
    const { start, end } = bytesOfRows(geometry, rowsOfSegment(geometry, index));
    const sealed = await seal(bytes.subarray(start, end));
    await kv.put(segmentKey(blob, index), sealed, { ttlSeconds: SEGMENT_TTL_SECONDS });
  });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
