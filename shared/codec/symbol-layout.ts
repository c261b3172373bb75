/**
 * BCS and text of the cells that storage nodes serve to rebuild slivers.
 *
 * Reading checks layout only; `Codec.verifyRecoverySymbol` checks proofs. Source: `walrus-core
 * encoding/symbols.rs`, `merkle.rs::MerkleProof`, `lib.rs::SymbolId`.
 */
import { type BcsReader, readBcs } from "../bcs/reader.ts";
import { BcsWriter } from "../bcs/writer.ts";
import type { Result } from "../result.ts";
import type { LayoutFailure } from "./failure.ts";
import { DIGEST_BYTES } from "./parameters.ts";
import type { DecodingSymbol, MerkleProof, RecoverySymbol, SliverAxis } from "./types.ts";

/** One cell of the expanded matrix: row `primaryIndex`, column `secondaryIndex`. */
export interface SymbolId {
  readonly primaryIndex: number;
  readonly secondaryIndex: number;
}

const NODE_EMPTY = 0;
const NODE_DIGEST = 1;

/** Fewest bytes of one item, to refuse lying lengths early. */
const EITHER_SYMBOL_BYTES_MIN = 4;
const RECOVERY_SYMBOL_BYTES_MIN = 7;
const MAP_ENTRY_BYTES_MIN = 3;

/** Reads a symbol ID of URLs, `<primary>-<secondary>`; `null` unless it is two u16 numbers. */
export function parseSymbolId(text: string): SymbolId | null {
  const match = /^(0|[1-9]\d{0,4})-(0|[1-9]\d{0,4})$/.exec(text);
  if (match === null) return null;
  const primaryIndex = Number(match[1]);
  const secondaryIndex = Number(match[2]);
  return primaryIndex > 0xffff || secondaryIndex > 0xffff ? null : { primaryIndex, secondaryIndex };
}

/** The answer of `recoverySymbols`: a vector of GeneralRecoverySymbol. */
export function encodeRecoverySymbols(symbols: readonly RecoverySymbol[]): Uint8Array<ArrayBuffer> {
  const writer = new BcsWriter().uleb(symbols.length);
  for (const symbol of symbols) {
    writeEitherSymbol(writer, symbol).u16(symbol.targetIndex);
    writeProof(writer, symbol.proof);
  }
  return writer.finish();
}

/** Reads the answer of `recoverySymbols`. Data and digests are views of `bytes`. */
export function decodeRecoverySymbols(bytes: Uint8Array): Result<RecoverySymbol[], LayoutFailure> {
  return readBcs("GeneralRecoverySymbols", bytes, (reader) =>
    readVector(reader, RECOVERY_SYMBOL_BYTES_MIN, () => {
      const symbol = readEitherSymbol(reader);
      return { ...symbol, targetIndex: reader.u16(), proof: readProof(reader) };
    }),
  );
}

/** The answer of `decodingSymbols`: symbols by the index of the sliver they help to rebuild. */
export function encodeDecodingSymbols(
  symbolsByTarget: ReadonlyMap<number, readonly DecodingSymbol[]>,
): Uint8Array<ArrayBuffer> {
  const writer = new BcsWriter().uleb(symbolsByTarget.size);
  // BCS sorts map keys by their serialised bytes: u16 little-endian, so 256 comes before 1.
  const targets = [...symbolsByTarget.keys()].sort((a, b) => swapBytes(a) - swapBytes(b));
  for (const target of targets) {
    const symbols = symbolsByTarget.get(target) ?? [];
    writer.u16(target).uleb(symbols.length);
    for (const symbol of symbols) writeEitherSymbol(writer, symbol);
  }
  return writer.finish();
}

/** Reads the answer of `decodingSymbols`, whatever the order of its keys. */
export function decodeDecodingSymbols(
  bytes: Uint8Array,
): Result<Map<number, DecodingSymbol[]>, LayoutFailure> {
  return readBcs("DecodingSymbols", bytes, (reader) => {
    const symbolsByTarget = new Map<number, DecodingSymbol[]>();
    readVector(reader, MAP_ENTRY_BYTES_MIN, () => {
      const keyOffset = reader.offset;
      const target = reader.u16();
      if (symbolsByTarget.has(target)) reader.fail("bad-tag", keyOffset);
      const symbols = readVector(reader, EITHER_SYMBOL_BYTES_MIN, () => readEitherSymbol(reader));
      symbolsByTarget.set(target, symbols);
    });
    return symbolsByTarget;
  });
}

/** Tag of EitherDecodingSymbol: the axis of the sliver that the symbol helps to rebuild. */
function writeEitherSymbol(writer: BcsWriter, symbol: DecodingSymbol): BcsWriter {
  return writer
    .uleb(symbol.targetAxis === "primary" ? 0 : 1)
    .u16(symbol.sourceIndex)
    .bytes(symbol.data);
}

function readEitherSymbol(reader: BcsReader): DecodingSymbol {
  const tagOffset = reader.offset;
  const tag = reader.uleb();
  if (tag > 1) reader.fail("bad-tag", tagOffset);
  const targetAxis: SliverAxis = tag === 0 ? "primary" : "secondary";
  return { targetAxis, sourceIndex: reader.u16(), data: reader.bytes() };
}

function writeProof(writer: BcsWriter, proof: MerkleProof): void {
  writer.uleb(proof.length);
  for (const sibling of proof) {
    if (sibling === null) writer.uleb(NODE_EMPTY);
    else writer.uleb(NODE_DIGEST).fixed(sibling);
  }
}

function readProof(reader: BcsReader): MerkleProof {
  return readVector(reader, 1, () => {
    const tagOffset = reader.offset;
    const tag = reader.uleb();
    if (tag > NODE_DIGEST) reader.fail("bad-tag", tagOffset);
    return tag === NODE_EMPTY ? null : reader.fixed(DIGEST_BYTES);
  });
}

function readVector<T>(reader: BcsReader, itemBytesMin: number, read: () => T): T[] {
  const items: T[] = [];
  for (let count = reader.length(itemBytesMin); count > 0; count--) items.push(read());
  return items;
}

function swapBytes(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}
