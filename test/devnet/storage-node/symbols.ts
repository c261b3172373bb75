/**
 * The symbol endpoints of a node: recovery symbols with proofs, decoding symbols without, and the
 * check of an inconsistency proof (Walrus `walrus-service` `node.rs`
 * `retrieve_multiple_recovery_symbols`, `retrieve_multiple_decoding_symbols`,
 * `verify_inconsistency_proof`; `walrus-core` `inconsistency.rs`).
 */
import { type BcsReader, readBcs } from "../../../shared/bcs/reader.ts";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import {
  type DecodingSymbol,
  decodeSliver,
  encodeDecodingSymbols,
  encodeRecoverySymbols,
  encodingParameters,
  type ExpandedSliver,
  type MerkleProof,
  otherAxis,
  pairIndexOfShard,
  pairIndexOfSliver,
  parseSymbolId,
  type RecoverySymbol,
  shardIndexOfPair,
  type SliverAxis,
  sliverIndexOfPair,
  type SliverTarget,
  type SymbolId,
} from "../../../shared/codec/index.ts";
import { type Answer, bcsAnswer, jsonAnswer } from "./answer.ts";
import { Refusal } from "./errors.ts";
import { blobIdOf, type StorageNode, undecodable } from "./node.ts";
import { parseAxis, parseIndex } from "./routes.ts";
import { INTENT_INVALID_BLOB, messageHeader } from "./signer.ts";

/** Expands slivers of one request once each. */
class Expansions {
  readonly #node: StorageNode;
  readonly #blobKey: string;
  readonly #expanded = new Map<string, ExpandedSliver>();

  constructor(node: StorageNode, blobKey: string) {
    this.#node = node;
    this.#blobKey = blobKey;
  }

  /** @throws {Refusal} When the sliver is not here. */
  get(pairIndex: number, axis: SliverAxis): ExpandedSliver {
    const key = `${pairIndex}/${axis}`;
    const known = this.#expanded.get(key);
    if (known !== undefined) return known;
    const sliver = decodeSliver(axis, this.#node.storedSliver(this.#blobKey, pairIndex, axis));
    if (!sliver.ok) throw new Error(`Cannot read stored sliver: ${sliver.failure.kind}`);
    const expanded = this.#node.parts.codec.expandSliver(sliver.value, this.#node.parts.shardCount);
    if (!expanded.ok) throw new Error(`Cannot expand stored sliver: ${expanded.failure.kind}`);
    this.#expanded.set(key, expanded.value);
    return expanded.value;
  }
}

/** `GET recoverySymbols`. */
export function recoverySymbols(
  node: StorageNode,
  blobKey: string,
  query: URLSearchParams,
): Answer {
  const filter = parseFilter(query);
  node.checkAccess(blobKey);
  const ids = filter.kind === "ids" ? filter.ids : symbolsFor(node, blobKey, filter.target);
  const expansions = new Expansions(node, blobKey);
  const symbols: RecoverySymbol[] = [];
  let refusal = new Refusal("NO_SYMBOLS_SPECIFIED", "at least one symbol ID must be specified");
  for (const id of ids) {
    try {
      symbols.push(recoverySymbol(node, blobKey, id, filter.proofAxis, expansions));
    } catch (error) {
      // Symbols that cannot be served are passed over unless none can be.
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    }
  }
  if (symbols.length === 0) throw refusal;
  return bcsAnswer(encodeRecoverySymbols(symbols));
}

/** `GET decodingSymbols`. */
export function decodingSymbols(
  node: StorageNode,
  blobKey: string,
  query: URLSearchParams,
): Answer {
  const targets = query.getAll("targetSlivers").map(parseIndex);
  const targetAxis = parseAxis(query.get("targetType"));
  node.checkAccess(blobKey);
  if (targets.length === 0) {
    throw new Refusal(
      "NO_TARGET_SLIVERS_SPECIFIED",
      "at least one target sliver must be specified",
    );
  }
  const { shardCount } = node.parts;
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const bound = targetAxis === "primary" ? primaryCount : secondaryCount;
  const beyond = targets.find((target) => target >= bound);
  if (beyond !== undefined) {
    throw new Refusal(
      "RECOVERY_SYMBOL_OUT_OF_RANGE",
      `target sliver index out of range, requested target sliver index ${beyond}, ` +
        `max source sliver index ${bound}, requested sliver type ${targetAxis}`,
    );
  }
  const expansions = new Expansions(node, blobKey);
  const output = new Map<number, DecodingSymbol[]>();
  for (const shardIndex of node.owned) {
    const pairIndex = pairIndexOfShard(shardIndex, blobIdOf(blobKey), shardCount);
    if (!node.parts.log.hasSliver(blobKey, pairIndex, otherAxis(targetAxis))) continue;
    const expanded = expansions.get(pairIndex, otherAxis(targetAxis));
    for (const target of new Set(targets)) {
      const symbols = output.get(target) ?? [];
      symbols.push(expanded.decodingSymbol(target));
      output.set(target, symbols);
    }
  }
  return bcsAnswer(encodeDecodingSymbols(output));
}

/** `POST inconsistencyProof`: signs that the blob is invalid when the proof holds. */
export function checkInconsistencyProof(
  node: StorageNode,
  blobKey: string,
  axis: SliverAxis,
  body: Uint8Array,
): Answer {
  const proof = readBcs("InconsistencyProof", body, (reader) => readProof(reader, axis));
  if (!proof.ok) throw undecodable();
  const metadata = proofMetadata(node, blobKey);
  const { target, symbols } = proof.value;
  const { codec, shardCount, signer } = node.parts;
  const { primaryCount, secondaryCount } = encodingParameters(shardCount);
  const required = axis === "primary" ? secondaryCount : primaryCount;
  if (symbols.length !== required) {
    throw invalidProof(`expected ${required} symbols, got ${symbols.length}`);
  }
  for (const symbol of symbols) {
    const verified = codec.verifyRecoverySymbol(symbol, target, metadata);
    if (!verified.ok) throw invalidProof(verified.failure.kind);
  }
  const recovered = codec.recoverSliver(target, symbols, metadata);
  if (recovered.ok) throw invalidProof("the recovered sliver is consistent with the metadata");
  if (recovered.failure.kind !== "sliver-hash-mismatch") {
    throw invalidProof(recovered.failure.kind);
  }
  const message = concatBytes(messageHeader(INTENT_INVALID_BLOB, node.epoch), blobIdOf(blobKey));
  return jsonAnswer(signer.signJson(message));
}

type Filter = { readonly proofAxis: SliverAxis | null } & (
  | { readonly kind: "ids"; readonly ids: readonly SymbolId[] }
  | { readonly kind: "target"; readonly target: SliverTarget }
);

function parseFilter(query: URLSearchParams): Filter {
  const proofText = query.get("proofAxis");
  const proofAxis = proofText === null ? null : parseAxis(proofText);
  const texts = query.getAll("id");
  const target = query.get("targetSliver");
  if (texts.length > 0 && target !== null) {
    throw new Refusal(
      "INVALID_FILTER",
      "the filter is invalid: both id and targetSliver are given",
    );
  }
  if (target !== null) {
    const axis = parseAxis(query.get("targetType"));
    return { kind: "target", target: { axis, sliverIndex: parseIndex(target) }, proofAxis };
  }
  if (texts.length === 0) {
    throw new Refusal("NO_SYMBOLS_SPECIFIED", "at least one symbol ID must be specified");
  }
  const ids = [...new Set(texts)].map((text) => {
    const id = parseSymbolId(text);
    if (id === null)
      throw new Refusal("INVALID_FILTER", `the filter is invalid: symbol ID ${text}`);
    return id;
  });
  return { kind: "ids", ids, proofAxis };
}

/** The cells of `target` that lie in slivers of this node. */
function symbolsFor(node: StorageNode, blobKey: string, target: SliverTarget): SymbolId[] {
  const { shardCount } = node.parts;
  const sourceAxis = otherAxis(target.axis);
  return [...node.owned].map((shardIndex) => {
    const pairIndex = pairIndexOfShard(shardIndex, blobIdOf(blobKey), shardCount);
    const sourceIndex = sliverIndexOfPair(sourceAxis, pairIndex, shardCount);
    return target.axis === "primary"
      ? { primaryIndex: target.sliverIndex, secondaryIndex: sourceIndex }
      : { primaryIndex: sourceIndex, secondaryIndex: target.sliverIndex };
  });
}

function recoverySymbol(
  node: StorageNode,
  blobKey: string,
  id: SymbolId,
  proofAxis: SliverAxis | null,
  expansions: Expansions,
): RecoverySymbol {
  const { shardCount } = node.parts;
  for (const index of [id.primaryIndex, id.secondaryIndex]) {
    if (index >= shardCount) {
      throw new Refusal("INDEX_OUT_OF_RANGE", `requires 0 <= index (${index}) < ${shardCount}`);
    }
  }
  let refusal = new Refusal(
    "SYMBOL_NOT_PRESENT_AT_SHARDS",
    "the requested recovery symbol is not the responsibility of this node's shards",
  );
  // The official node tries the primary source first.
  for (const sourceAxis of ["primary", "secondary"] as const) {
    if (proofAxis !== null && proofAxis !== sourceAxis) continue;
    const [sourceIndex, targetIndex] =
      sourceAxis === "primary"
        ? [id.primaryIndex, id.secondaryIndex]
        : [id.secondaryIndex, id.primaryIndex];
    const pairIndex = pairIndexOfSliver(sourceAxis, sourceIndex, shardCount);
    if (!node.owned.has(shardIndexOfPair(pairIndex, blobIdOf(blobKey), shardCount))) continue;
    try {
      return expansions.get(pairIndex, sourceAxis).recoverySymbol(targetIndex);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

interface Proof {
  readonly target: SliverTarget;
  readonly symbols: readonly RecoverySymbol[];
}

/** `InconsistencyProof`: the target, then symbols with proofs; the axis is in the URL. */
function readProof(reader: BcsReader, axis: SliverAxis): Proof {
  const sliverIndex = reader.u16();
  const symbols: RecoverySymbol[] = [];
  for (let left = reader.length(); left > 0; left--) {
    const sourceIndex = reader.u16();
    const data = reader.bytes();
    const proof: (Uint8Array | null)[] = [];
    for (let nodes = reader.length(); nodes > 0; nodes--) {
      const tag = reader.uleb();
      if (tag > 1) reader.fail("bad-tag");
      proof.push(tag === 0 ? null : reader.fixed(32));
    }
    const path: MerkleProof = proof;
    symbols.push({ targetAxis: axis, sourceIndex, data, targetIndex: sliverIndex, proof: path });
  }
  return { target: { axis, sliverIndex }, symbols };
}

function proofMetadata(
  node: StorageNode,
  blobKey: string,
): ReturnType<StorageNode["readableMetadata"]> {
  try {
    return node.readableMetadata(blobKey);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal("METADATA_REQUIRED", "blob metadata is required but missing");
  }
}

function invalidProof(why: string): Refusal {
  return new Refusal("INVALID_PROOF", `the inconsistency proof is invalid: ${why}`);
}
