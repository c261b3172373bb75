/**
 * What a read serves: bytes of known length under a strong tag, with the headers that go with them.
 */
import { concatBytes } from "../../shared/bytes/arrays.ts";
import { toHex } from "../../shared/bytes/text.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import { ok, type Result } from "../../shared/result.ts";
import { lifetimeSeconds } from "../../shared/cache/lifetime.ts";
import { cacheControl } from "./cache-policy.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { OpenBlob } from "./open-blob.ts";
import type { Presentation } from "./query.ts";
import type { AggregatorServices } from "./services.ts";
import type { TierName } from "./tiers.ts";

const SHORT_DIGEST_BYTES = 8;

/** A piece of the answer that is here. */
export interface BytesPiece {
  readonly bytes: Uint8Array;
  /** Where it came from; `null` for the storage nodes. */
  readonly tier: TierName | null;
  /** For whoever has sent the bytes and lets them go; they are gone then. */
  readonly release?: () => void;
}

/** A piece of the answer as a tier holds it: handed on unread, or else cancelled. */
export interface BodyPiece {
  readonly body: ReadableStream<Uint8Array>;
  readonly byteCount: number;
  readonly tier: TierName;
  /** Has its tier forget it: it has broken off. */
  evict(): Promise<void>;
  /** The same bytes once more, after it was evicted. */
  again(): Pieces;
}

/** A piece of the answer. */
export type Piece = BytesPiece | BodyPiece;

/** Pieces in order; a failure is the last thing that is yielded. */
export type Pieces = AsyncGenerator<Result<Piece, AggregatorFailure>>;

/**
 * How the content was checked: `strict` re-encoded the whole blob to its ID; `default` saw every
 * row match its hash and all padding be zero; `slivers` saw the delivered parts match theirs.
 */
export type Verified = "strict" | "default" | "slivers";

/** Reads a piece whole; what its tier breaks off is read once more from elsewhere. */
export async function readPiece(piece: Piece): Promise<Result<BytesPiece, AggregatorFailure>> {
  if ("bytes" in piece) return ok(piece);
  const { body, byteCount, tier } = piece;
  const bytes = await new Response(body).bytes().catch(() => null);
  if (bytes?.length === byteCount) return ok({ bytes, tier });
  const parts = await collect(piece.again());
  return parts.ok ? ok({ bytes: concatBytes(...parts.value), tier: null }) : parts;
}

/** Reads all pieces, or up to the failure. */
export async function collect(
  pieces: Pieces,
): Promise<Result<readonly Uint8Array[], AggregatorFailure>> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    const read = piece.ok ? await readPiece(piece.value) : piece;
    if (!read.ok) return read;
    parts.push(read.value.bytes);
  }
  return ok(parts);
}

/** Content ready to be sent. */
export interface Representation {
  /** Strong entity tag without its quotes. */
  readonly tag: string;
  readonly totalBytes: number;
  /** Presentation and tags; not what depends on the range, the type or the lease. */
  readonly headers: Headers;
  /** What is said of caching and the lease. */
  readonly lease: Lease;
  /** `null` when it is not known (yet). */
  readonly contentType: string | null;
  /** Learns and remembers the type from the first bytes; `null` when it must not. */
  readonly learnType: ((head: Uint8Array) => Promise<string>) | null;
  /** Of the whole. */
  readonly verified: Verified;
  /** Where what is known of the blob came from. */
  readonly tier: TierName | null;
  /** Its length is not told: the body is chunked. */
  readonly hasUnknownLength?: boolean;
  /** How the official aggregator has it. */
  readonly official: OfficialContent;
  bytes(range: ByteRange, signal: AbortSignal): Pieces;
}

/** What the official aggregator says of a content where we say something else. */
export interface OfficialContent {
  /** Entity tag, sent without quotes; `null` for none, and no lifetime either. */
  readonly tag: string | null;
  /** Attribute or tag of the content: its type where the client names none. */
  readonly contentType: string | null;
  /** Further attributes that become headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether `Range` is honoured. */
  readonly hasRanges: boolean;
  /** Whether a length is told. */
  readonly hasLength: boolean;
}

/** A content under its tag, with nothing particular. */
export function officialContent(tag: string | null, hasRanges: boolean): OfficialContent {
  return { tag, contentType: null, headers: {}, hasRanges, hasLength: true };
}

/** What an answer says of caching and the lease: as much as is known when its head leaves. */
export interface Lease {
  /** Resolves when all is known: for answers that no byte waits for (`HEAD`, 304). */
  readonly settled: Promise<void>;
  /** Headers by what is known now. */
  headers(): Readonly<Record<string, string>>;
}

/** The lease of content made of these blobs: it ends with the first of them. */
export function leaseOf(
  services: AggregatorServices,
  blobs: readonly [OpenBlob, ...OpenBlob[]],
): Lease {
  const endEpoch = (): number | null => {
    const ends = blobs.map(({ entry }) => entry.endEpoch);
    return ends.reduce((least, end) =>
      least === null || end === null ? null : Math.min(least, end),
    );
  };
  return {
    settled: Promise.all(blobs.map(({ known }) => known.settled)).then(() => undefined),
    headers() {
      const end = endEpoch();
      const { timing } = blobs[0].view;
      const caching = cacheControl({ endEpoch: end }, timing, services.clock.nowMs());
      return {
        "Cache-Control": caching,
        ...(end === null ? {} : { "X-Walrus-End-Epoch": String(end) }),
      };
    },
  };
}

/** The lease of content whose description may change: it is held no longer than `holdSeconds`. */
export function shortLease(
  services: AggregatorServices,
  blobs: readonly [OpenBlob, ...OpenBlob[]],
  holdSeconds: number,
): Lease {
  const lease = leaseOf(services, blobs);
  return {
    ...lease,
    headers() {
      const nowMs = services.clock.nowMs();
      const held = blobs.reduce(
        (least, { entry, view }) => Math.min(least, lifetimeSeconds(entry, view.timing, nowMs)),
        holdSeconds,
      );
      return { ...lease.headers(), "Cache-Control": `public, max-age=${Math.max(0, held)}` };
    },
  };
}

/** The digest of the whole (RFC 9530), where it is known: base64 of the SHA-256. */
export function withDigest(headers: Headers, sha256: string | null): Headers {
  if (sha256 !== null) headers.set("Repr-Digest", `sha-256=:${sha256}:`);
  return headers;
}

/** Headers that follow from the blob and what the caller wants. */
export function baseHeaders(blob: Pick<OpenBlob, "id">, presentation: Presentation): Headers {
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Tag": blob.id,
    "X-Content-Type-Options": "nosniff",
  });
  const disposition = contentDisposition(presentation);
  if (disposition !== null) headers.set("Content-Disposition", disposition);
  return headers;
}

/** Content that is in memory. */
export function inMemory(
  bytes: Uint8Array,
  known: Pick<Representation, "tag" | "headers" | "lease" | "contentType" | "tier"> &
    Partial<Pick<Representation, "official">>,
): Representation {
  return {
    official: officialContent(known.tag, true),
    ...known,
    totalBytes: bytes.length,
    learnType: null,
    verified: "slivers",
    bytes: (range) => piecesOf(bytes, range, known.tier),
  };
}

/** Hex digits that tell two answers of one kind apart: for the tags of what may be told anew. */
export async function shortDigest(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return toHex(new Uint8Array(digest, 0, SHORT_DIGEST_BYTES));
}

/** Headers of lists and proofs, which are shown as they are. */
export function plainHeaders(blob: OpenBlob): Headers {
  return baseHeaders(blob, { contentType: null, filename: null, download: false });
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
