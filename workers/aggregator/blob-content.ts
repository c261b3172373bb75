/**
 * An open blob as content to be sent, checked as thoroughly as the caller asks.
 *
 * `default` and `skip` stream; `strict` reads the whole blob, encodes it again and compares the ID
 * before a byte leaves. A strict check that passed is remembered with the blob.
 */
import { concatBytes } from "../../shared/bytes/arrays.ts";
import { metadataWorkingBytes } from "../../shared/codec/index.ts";
import {
  STRICT_BUFFERED_BYTES_MAX,
  STRICT_READ_BYTES_MAX,
  STRICT_ROWS_BYTES_MAX,
} from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import { blobBytes } from "./blob-bytes.ts";
import { sniffType } from "./content-type.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { OpenBlob } from "./open-blob.ts";
import type { Consistency, Presentation } from "./query.ts";
import {
  baseHeaders,
  collect,
  leaseOf,
  officialContent,
  piecesOf,
  withDigest,
  type Representation,
} from "./representation.ts";
import type { AggregatorServices } from "./services.ts";
import { checkingEveryDigest } from "./verified-store.ts";

/** How a blob is to be served. */
export interface BlobServing {
  readonly consistency: Consistency;
  readonly presentation: Presentation;
  /** `HEAD` fetches no sliver, so it checks nothing either. */
  readonly isHead: boolean;
}

/** The blob as content. */
export async function blobContent(
  services: AggregatorServices,
  blob: OpenBlob,
  { consistency, presentation, isHead }: BlobServing,
  signal: AbortSignal,
): Promise<Result<Representation, AggregatorFailure>> {
  const { entry } = blob;
  const padding = consistency === "skip" ? "ignored" : "checked";
  const content: Representation = {
    tag: blob.id,
    totalBytes: entry.unencodedBytes,
    headers: withDigest(baseHeaders(blob, presentation), entry.sha256),
    lease: leaseOf(services, [blob]),
    contentType: presentation.contentType ?? entry.recordedType ?? entry.contentType,
    async learnType(head) {
      const contentType = await sniffType(head);
      blob.known.learn({ contentType });
      return contentType;
    },
    verified: consistency === "skip" ? "slivers" : "default",
    tier: blob.tier,
    official: officialContent(blob.id, true),
    bytes: (range, stop) => blobBytes(services, blob, range, stop, padding),
  };
  if (consistency !== "strict" || isHead) return ok(content);
  if (entry.isStrict) return ok({ ...content, verified: "strict" });
  const checked = await checkStrictly(services, blob, signal);
  if (!checked.ok) return checked;
  blob.known.learn({ isStrict: true });
  const whole = checked.value;
  const strict: Representation = { ...content, verified: "strict" };
  return ok(
    whole === null ? strict : { ...strict, bytes: (range) => piecesOf(whole, range, null) },
  );
}

/**
 * Encodes the whole blob again and compares the ID. What is too large to be kept as well is read a
 * second time, each row against its hash: the same bytes, since the hashes are those of the ID.
 *
 * @returns The blob, or `null` when it is to be read again.
 */
async function checkStrictly(
  services: AggregatorServices,
  blob: OpenBlob,
  signal: AbortSignal,
): Promise<Result<Uint8Array | null, AggregatorFailure>> {
  const { unencodedBytes } = blob.entry;
  if (unencodedBytes > STRICT_READ_BYTES_MAX) {
    return err({ kind: "strict-too-large", unencodedBytes });
  }
  // Nobody waits for memory while holding some: what the rows need is reserved with the rest, and
  // they are read by this request alone, within it. A damaged cache is no flaw of the blob.
  const alone = {
    ...checkingEveryDigest(services),
    fills: null,
    workingMemory: new WorkingMemory(STRICT_ROWS_BYTES_MAX),
  };
  const byteCount = unencodedBytes + metadataWorkingBytes(unencodedBytes) + STRICT_ROWS_BYTES_MAX;
  return services.workingMemory.with(byteCount, () => readAndCheck(alone, blob, signal), signal);
}

async function readAndCheck(
  services: AggregatorServices,
  blob: OpenBlob,
  signal: AbortSignal,
): Promise<Result<Uint8Array | null, AggregatorFailure>> {
  const { unencodedBytes, shardCount } = blob.entry;
  const range = { start: 0, end: unencodedBytes };
  const read = await collect(blobBytes(services, blob, range, signal));
  if (!read.ok) return read;
  const parts = read.value;
  const { blobId } = blob;
  const checked = services.codec.checkBlobId(
    { chunks: parts, unencodedBytes },
    { blobId, unencodedBytes, shardCount },
  );
  if (!checked.ok) return err({ kind: "strict-mismatch" });
  return ok(unencodedBytes > STRICT_BUFFERED_BYTES_MAX ? null : concatBytes(...parts));
}
