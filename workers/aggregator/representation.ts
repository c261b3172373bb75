/**
 * What a read serves: bytes of known length under a strong tag, with the headers that go with them.
 */
import type { ByteRange } from "../../shared/http/range.ts";
import type { Result } from "../../shared/result.ts";
import type { Lifetime } from "../../shared/cache/lifetime.ts";
import { cacheControl } from "./cache-policy.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { AggregatorServices, OpenBlob } from "./open-blob.ts";
import type { Presentation } from "./query.ts";
import type { TierName } from "./tiers.ts";

/** A piece of the answer. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where it came from; `null` for the storage nodes. */
  readonly tier: TierName | null;
}

/** Pieces in order; a failure is the last thing that is yielded. */
export type Pieces = AsyncGenerator<Result<Piece, AggregatorFailure>>;

/**
 * How the content was checked: `strict` re-encoded the whole blob to its ID; `default` saw every
 * row match its hash and all padding be zero; `slivers` saw the delivered parts match theirs.
 */
export type Verified = "strict" | "default" | "slivers";

/** Content ready to be sent. */
export interface Representation {
  /** Strong entity tag without its quotes. */
  readonly tag: string;
  readonly totalBytes: number;
  /** Caching, lease and presentation; not what depends on the range or the type. */
  readonly headers: Headers;
  /** `null` when it is not known (yet). */
  readonly contentType: string | null;
  /** Learns and remembers the type from the first bytes; `null` when it must not. */
  readonly learnType: ((head: Uint8Array) => Promise<string>) | null;
  /** Of the whole. */
  readonly verified: Verified;
  /** Where what is known of the blob came from. */
  readonly tier: TierName | null;
  bytes(range: ByteRange, signal: AbortSignal): Pieces;
}

/** Headers that follow from the blob's lease and what the caller wants. */
export function baseHeaders(
  services: AggregatorServices,
  blob: OpenBlob,
  presentation: Presentation,
): Headers {
  const { entry, view } = blob;
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Control": cacheControl(entry, view.timing, services.clock.nowMs()),
    "Cache-Tag": blob.id,
    "X-Content-Type-Options": "nosniff",
  });
  if (entry.endEpoch !== null) headers.set("X-Walrus-End-Epoch", String(entry.endEpoch));
  const disposition = contentDisposition(presentation);
  if (disposition !== null) headers.set("Content-Disposition", disposition);
  return headers;
}

/** `Cache-Control` of content whose description may change (attributes of an object). */
export function shortCacheControl(lifetimeSeconds: number, holdSeconds: number): string {
  return `public, max-age=${Math.max(0, Math.min(lifetimeSeconds, holdSeconds))}`;
}

/** Content that is in memory. */
export function inMemory(
  bytes: Uint8Array,
  known: Pick<Representation, "tag" | "headers" | "contentType" | "tier">,
): Representation {
  return {
    ...known,
    totalBytes: bytes.length,
    learnType: null,
    verified: "slivers",
    bytes: (range) => piecesOf(bytes, range, known.tier),
  };
}

/** Headers only by the lease: for lists and proofs, which are shown as they are. */
export function plainHeaders(services: AggregatorServices, blob: OpenBlob): Headers {
  return baseHeaders(services, blob, { contentType: null, filename: null, download: false });
}

/** The lifetime that two pieces of one answer have in common. */
export function shorter(left: Lifetime, right: Lifetime): Lifetime {
  if (left.endEpoch === null || right.endEpoch === null) return { endEpoch: null };
  return { endEpoch: Math.min(left.endEpoch, right.endEpoch) };
}

/** Pieces of bytes that are in memory. */
export async function* piecesOf(
  bytes: Uint8Array,
  range: ByteRange,
  tier: TierName | null,
): Pieces {
  if (range.end <= range.start) return;
  yield { ok: true, value: { bytes: bytes.subarray(range.start, range.end), tier } };
}

/** RFC 6266: a fallback of ASCII for old clients, the real name as RFC 8187 writes it. */
function contentDisposition({ filename, download }: Presentation): string | null {
  if (filename === null) return download ? "attachment" : null;
  const kind = download ? "attachment" : "inline";
  const fallback = filename.replaceAll(/[^\x20-\x7e]|["%]/g, "_");
  const encoded = encodeURIComponent(filename.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${fallback}"; filename*=UTF-8''${encoded}`;
}
