/**
 * What is known of one blob's right to be served, as cached beside its bytes. Pure.
 *
 * The bytes prove themselves; the entry says how long they may be handed out. The aggregator writes
 * it when it has learned of a blob, the publisher when it has stored one.
 */
import * as v from "valibot";
import { utf8Bytes } from "../bytes/arrays.ts";

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  version: v.literal(1),
  unencodedBytes: whole,
  shardCount: whole,
  endEpoch: v.nullable(whole),
  learnedEpoch: whole,
  expiresAtMs: whole,
  purgeGeneration: whole,
  contentType: v.optional(v.nullable(v.string()), null),
  recordedType: v.optional(v.nullable(v.string()), null),
  isStrict: v.optional(v.boolean(), false),
  sha256: v.optional(v.nullable(v.string()), null),
  source: v.optional(v.picklist(["lease-book", "blob-object", "certified-event"])),
});

/** Who proves an end epoch: our lease book, the Blob object itself, or its certifying event. */
export type StandingSource = "lease-book" | "blob-object" | "certified-event";

/** One blob's entry. */
export interface BlobEntry {
  readonly version: 1;
  /** L */
  readonly unencodedBytes: number;
  readonly shardCount: number;
  /** First epoch in which the blob is no longer paid for; `null` when unproven. */
  readonly endEpoch: number | null;
  /** Epoch in which the storage nodes last vouched for the blob. */
  readonly learnedEpoch: number;
  /** When the entry must be learned anew, milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Purge generation it was learned under. */
  readonly purgeGeneration: number;
  /** Type guessed from the first bytes; `null` until somebody has read them. */
  readonly contentType: string | null;
  /** Type that all stores of this gateway agree on; `null` where there is none such. */
  readonly recordedType: string | null;
  /** The whole blob was once encoded again to its ID. */
  readonly isStrict: boolean;
  /** SHA-256 of the whole blob as base64; `null` until somebody has held it whole. */
  readonly sha256: string | null;
  /** Who proves `endEpoch`; the lease book where nothing is said. */
  readonly source?: StandingSource | undefined;
}

/** The entry as stored. */
export function encodeEntry(entry: BlobEntry): Uint8Array<ArrayBuffer> {
  return utf8Bytes(JSON.stringify(entry));
}

/** Reads a stored entry; `null` when it has another shape (an older release wrote it). */
export function decodeEntry(bytes: Uint8Array): BlobEntry | null {
  try {
    const parsed = v.safeParse(entrySchema, JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
