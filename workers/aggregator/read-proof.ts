/**
 * `GET /edge/v1/blobs/{blob_id}/proof[?range=a-b]`: what shows anybody, without trust in us, that
 * bytes belong to a blob ID.
 *
 * The ID is the hash of encoding type, length and root; the root is over pairs of sliver hashes; a
 * sliver hash is over the symbols of its row. The proof holds the symbols that cover the range, each
 * with its path. `scripts/check-proof.ts` checks it with nothing but `@mysten/*`.
 */
import { concatBytes, utf8Bytes } from "../../shared/bytes/arrays.ts";
import { toBase64 } from "../../shared/bytes/text.ts";
import { ENCODING_TYPE_RS2, parseBlobId, type VerifiedMetadata } from "../../shared/codec/index.ts";
import { badParameter, type Problem, unreadableParameter } from "../../shared/http/problem.ts";
import { type ByteRange, parseRange } from "../../shared/http/range.ts";
import { PROOF_SYMBOLS_MAX, STATUS_TTL_SECONDS } from "../../shared/limits.ts";
import { type BlobGeometry, blobGeometry, rowsOfBytes } from "../../shared/nodes/read-geometry.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { blobBytes } from "./blob-bytes.ts";
import type { Exchange } from "./exchange.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { certificationByNode } from "./learn-standing.ts";
import { buildTree, type Tree } from "./merkle-path.ts";
import { metadataOf, openBlob, type OpenBlob } from "./open-blob.ts";
import { readOne } from "./query.ts";
import { badId } from "./refusals.ts";
import {
  collect,
  inMemory,
  leaseOf,
  plainHeaders,
  shortDigest,
  shortLease,
} from "./representation.ts";
import type { AggregatorServices } from "./services.ts";
import { checkingEveryDigest } from "./verified-store.ts";

const PAIR_BYTES = 64;
const HASH_BYTES = 32;

interface Certified {
  readonly transaction: string | null;
  /** Who names it; `null` where nobody does. */
  readonly source: "lease-book" | "certified-event" | null;
  /** Why there is none. */
  readonly reason: string | null;
}

interface Proof {
  readonly certification: Certified;
  readonly [name: string]: unknown;
}

const NO_TRANSACTION = {
  transaction: null,
  source: null,
  reason:
    "this gateway did not certify the blob, and no storage node pointed to an event that the " +
    "chain confirms; the blob ID needs none",
} as const;

/** Answers a request for a proof. */
export async function readProof(exchange: Exchange, idText: string): Promise<Response> {
  const { services, request } = exchange;
  const blobId = parseBlobId(idText);
  if (blobId === null) return exchange.problem(badId("blob_id", idText));
  const asked = readOne(exchange.query, "range");
  if (!asked.ok) return exchange.problem(asked.failure);
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const blob = opened.value;
  const geometry = blobGeometry(blob.entry.unencodedBytes, blob.entry.shardCount);
  const range = readRange(asked.value, geometry);
  if (!range.ok) {
    return "kind" in range.failure
      ? exchange.refuse(range.failure)
      : exchange.problem(range.failure);
  }
  const metadata = await metadataOf(services, blob, request.signal);
  if (!metadata.ok) return exchange.refuse(metadata.failure);
  const proof = await prove(services, blob, metadata.value, range.value, request.signal);
  if (!proof.ok) return exchange.refuse(proof.failure);
  const bytes = utf8Bytes(JSON.stringify(proof.value));
  const content = inMemory(bytes, {
    // Who certified the blob may be told by one request and not by the next: the bytes decide.
    tag: `${blob.id}.proof.${await shortDigest(bytes)}`,
    headers: plainHeaders(blob),
    lease:
      proof.value.certification.transaction === null
        ? shortLease(services, [blob], STATUS_TTL_SECONDS)
        : leaseOf(services, [blob]),
    contentType: "application/json",
    tier: blob.tier,
  });
  return exchange.answer(ok(content));
}

/** `a-b`, `a-` or `-n`, as in a `Range` header; `null` asks for no bytes. */
function readRange(
  text: string | null,
  geometry: BlobGeometry,
): Result<ByteRange | null, Problem | AggregatorFailure> {
  if (text === null) return ok(null);
  // No range of nothing can be proven, a suffix neither.
  if (geometry.unencodedBytes === 0) return err({ kind: "range-not-satisfiable", totalBytes: 0 });
  const asked = parseRange(`bytes=${text}`, geometry.unencodedBytes);
  if (asked.kind === "unsatisfiable") {
    return err({ kind: "range-not-satisfiable", totalBytes: geometry.unencodedBytes });
  }
  if (asked.kind !== "partial") {
    return err(unreadableParameter("range", text, "one range: first-last, first- or -length"));
  }
  const { start, end } = asked.range;
  const { symbolBytes } = geometry;
  const symbolCount = Math.ceil(end / symbolBytes) - Math.floor(start / symbolBytes);
  if (symbolCount > PROOF_SYMBOLS_MAX) {
    return err(
      badParameter(
        "range",
        `one proof holds ${PROOF_SYMBOLS_MAX} symbols of ${symbolBytes} bytes ` +
          `(PROOF_SYMBOLS_MAX), this range lies in ${symbolCount}`,
      ),
    );
  }
  return ok(asked.range);
}

async function prove(
  services: AggregatorServices,
  blob: OpenBlob,
  metadata: VerifiedMetadata,
  range: ByteRange | null,
  signal: AbortSignal,
): Promise<Result<Proof, AggregatorFailure>> {
  const { unencodedBytes, shardCount } = metadata;
  const geometry = blobGeometry(unencodedBytes, shardCount);
  const rows: object[] = [];
  if (range !== null) {
    const { firstRow, rowCount } = rowsOfBytes(geometry, range.start, range.end);
    const pairs = pairTree(services, metadata);
    for (let rowIndex = firstRow; rowIndex < firstRow + rowCount; rowIndex++) {
      const bytes = await rowBytes(services, blob, geometry, rowIndex, signal);
      if (!bytes.ok) return bytes;
      const row = proveRow(services, metadata, geometry, rowIndex, bytes.value, range, pairs);
      if (!row.ok) return row;
      rows.push(row.value);
    }
  }
  return ok({
    blobId: blob.id,
    encodingType: ENCODING_TYPE_RS2,
    unencodedBytes,
    shardCount,
    symbolBytes: geometry.symbolBytes,
    rootHash: toBase64(metadata.rootHash),
    range,
    rows,
    certification: await certification(services, blob, signal),
  });
}

/** The transaction that certified the blob: our own, or one that a node names and the chain has. */
async function certification(
  services: AggregatorServices,
  blob: OpenBlob,
  signal: AbortSignal,
): Promise<Certified> {
  const { certifyTxDigest } = await services.leases(blob.id);
  if (certifyTxDigest !== null) {
    return { transaction: certifyTxDigest, source: "lease-book", reason: null };
  }
  const proven = await certificationByNode(services, blob.view, blob.blobId, signal);
  return proven === null
    ? NO_TRANSACTION
    : { transaction: proven.txDigest, source: "certified-event", reason: null };
}

/** One whole row, its padding included, verified. */
async function rowBytes(
  services: AggregatorServices,
  blob: OpenBlob,
  geometry: BlobGeometry,
  rowIndex: number,
  signal: AbortSignal,
): Promise<Result<Uint8Array, AggregatorFailure>> {
  const row = new Uint8Array(geometry.rowBytes);
  const start = rowIndex * geometry.rowBytes;
  const end = Math.min(start + geometry.rowBytes, geometry.unencodedBytes);
  // What a cache has damaged proves nothing.
  const store = checkingEveryDigest(services);
  const parts = await collect(blobBytes(store, blob, { start, end }, signal));
  if (!parts.ok) return parts;
  row.set(concatBytes(...parts.value));
  return ok(row);
}

/** The symbols of one row that cover the range, and how the row hangs under the root. */
function proveRow(
  { codec }: AggregatorServices,
  metadata: VerifiedMetadata,
  geometry: BlobGeometry,
  rowIndex: number,
  data: Uint8Array,
  range: ByteRange,
  pairs: Tree,
): Result<object, AggregatorFailure> {
  const { symbolBytes, rowBytes: size, shardCount } = geometry;
  const sliver = { axis: "primary", sliverIndex: rowIndex, symbolBytes, data } as const;
  const expanded = codec.expandSliver(sliver, shardCount);
  if (!expanded.ok) return err({ kind: "blob-inconsistent", what: "row", rowIndex });
  const first = Math.max(0, range.start - rowIndex * size);
  const end = Math.min(size, range.end - rowIndex * size);
  const symbols: object[] = [];
  for (let index = Math.floor(first / symbolBytes); index * symbolBytes < end; index++) {
    const { data: cell, proof } = expanded.value.recoverySymbol(index);
    symbols.push({ index, data: toBase64(cell), path: proof.map(textOfNode) });
  }
  const hashes = pairHashes(metadata, rowIndex);
  return ok({
    sliverIndex: rowIndex,
    primaryHash: toBase64(hashes.subarray(0, HASH_BYTES)),
    secondaryHash: toBase64(hashes.subarray(HASH_BYTES)),
    pairPath: pairs.path(rowIndex).map(textOfNode),
    symbols,
  });
}

function pairTree({ codec }: AggregatorServices, metadata: VerifiedMetadata): Tree {
  const leaves = Array.from({ length: metadata.shardCount }, (_, pair) =>
    pairHashes(metadata, pair),
  );
  return buildTree(leaves, (bytes) => codec.hash(bytes));
}

function pairHashes({ sliverHashes }: VerifiedMetadata, pairIndex: number): Uint8Array {
  return sliverHashes.subarray(pairIndex * PAIR_BYTES, (pairIndex + 1) * PAIR_BYTES);
}

function textOfNode(node: Uint8Array | null): string | null {
  return node === null ? null : toBase64(node);
}
