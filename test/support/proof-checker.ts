/**
 * Checks that bytes belong to a Walrus blob ID, from a proof that the aggregator gave.
 *
 * Trusts nobody but the hash: uses `@mysten/*` only, nothing else of this repository. The number of
 * shards is the network's (the System object on Sui says it) and is not taken from the proof.
 */
import { PublicKey } from "@mysten/sui/cryptography";
import { fromBase64, fromHex, toBase64 } from "@mysten/sui/utils";

/** What the caller knows without the proof. */
export interface ProofQuestion {
  /** 43 characters of base64url. */
  readonly blobId: string;
  /** n of the network. */
  readonly shardCount: number;
  /** Bytes `start` to `end`, excluded, that were asked for; `null` for none. */
  readonly range: { readonly start: number; readonly end: number } | null;
}

/** A Sui address is the BLAKE2b-256 of a flag byte and key bytes: so of any bytes at all. */
class Preimage extends PublicKey {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  override flag(): number {
    return this.#bytes[0] ?? 0;
  }

  override toRawBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(1);
  }

  override verify(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/**
 * The bytes of the proof's range; empty for a proof without a range.
 *
 * @throws {Error} Saying what does not hold, when the proof does not prove them.
 */
export function checkProof(proof: unknown, question: ProofQuestion): Uint8Array {
  const { blobId, shardCount } = question;
  const claim = fields(proof, "proof");
  require(text(claim["blobId"]) === blobId, "it is about another blob");
  require(whole(claim["shardCount"]) === shardCount, "it is for another number of shards");
  require(whole(claim["encodingType"]) === 1, "the encoding is not RS2");
  const length = whole(claim["unencodedBytes"]);
  const root = hash32(claim["rootHash"]);
  const id = blake2b(Uint8Array.of(1, ...littleEndian(length), ...root));
  require(sameBytes(id, fromBase64Url(blobId)), "length and root do not hash to the blob ID");
  const faulty = Math.floor((shardCount - 1) / 3);
  const rows = shardCount - 2 * faulty;
  const columns = shardCount - faulty;
  const symbolBytes = 2 * Math.ceil(Math.max(1, Math.ceil(length / (rows * columns))) / 2);
  require(whole(claim["symbolBytes"]) === symbolBytes, "the symbol size is wrong");
  const given = list(claim["rows"], "rows");
  if (question.range === null) {
    require(claim["range"] === null, "it is about bytes that were not asked for");
    require(given.length === 0, "it has rows but no range");
    return new Uint8Array(0);
  }
  const range = fields(claim["range"], "range");
  const start = whole(range["start"]);
  const end = whole(range["end"]);
  require(start === question.range.start &&
    end === question.range.end, "it is about other bytes than were asked for");
  require(start < end && end <= length, "the range does not lie in the blob");
  const shape = { root, shardCount, symbolBytes, rowBytes: columns * symbolBytes };
  return rangeBytes(given, start, end, shape);
}

interface Shape {
  readonly root: Uint8Array;
  readonly shardCount: number;
  readonly symbolBytes: number;
  readonly rowBytes: number;
}

function rangeBytes(given: readonly unknown[], start: number, end: number, shape: Shape) {
  const { symbolBytes, rowBytes } = shape;
  const firstRow = Math.floor(start / rowBytes);
  const rowCount = Math.ceil(end / rowBytes) - firstRow;
  require(given.length === rowCount, "the rows are not those of the range");
  const bytes = new Uint8Array(end - start);
  for (const [offset, row] of given.entries()) {
    const rowIndex = firstRow + offset;
    const first = Math.max(0, start - rowIndex * rowBytes);
    const last = Math.min(rowBytes, end - rowIndex * rowBytes);
    const firstSymbol = Math.floor(first / symbolBytes);
    const symbolCount = Math.ceil(last / symbolBytes) - firstSymbol;
    for (const [index, data] of rowSymbols(row, rowIndex, firstSymbol, symbolCount, shape)) {
      const at = rowIndex * rowBytes + index * symbolBytes - start;
      const from = Math.max(0, -at);
      bytes.set(data.subarray(from, Math.min(symbolBytes, bytes.length - at)), at + from);
    }
  }
  return bytes;
}

/** Checks one row against the root, and its symbols against the row. */
function rowSymbols(
  row: unknown,
  rowIndex: number,
  firstSymbol: number,
  symbolCount: number,
  { root, shardCount, symbolBytes }: Shape,
): readonly (readonly [number, Uint8Array])[] {
  const claim = fields(row, "row");
  require(whole(claim["sliverIndex"]) === rowIndex, "a row is not in its place");
  const primaryHash = hash32(claim["primaryHash"]);
  const pair = Uint8Array.of(...primaryHash, ...hash32(claim["secondaryHash"]));
  const climbed = climb(pair, rowIndex, claim["pairPath"], shardCount);
  require(sameBytes(climbed, root), "a pair of sliver hashes does not lead to the root");
  const symbols = list(claim["symbols"], "symbols");
  require(symbols.length === symbolCount, "the symbols are not those of the range");
  return symbols.map((each, offset) => {
    const symbol = fields(each, "symbol");
    const index = whole(symbol["index"]);
    require(index === firstSymbol + offset, "a symbol is not in its place");
    const data = base64(symbol["data"]);
    require(data.length === symbolBytes, "a symbol has the wrong size");
    const hash = climb(data, index, symbol["path"], shardCount);
    require(sameBytes(hash, primaryHash), "a symbol does not lead to the hash of its row");
    return [index, data] as const;
  });
}

/** The root that a leaf and its siblings hash to. */
function climb(leaf: Uint8Array, leafIndex: number, path: unknown, leafCount: number): Uint8Array {
  const siblings = list(path, "path");
  require(siblings.length === Math.ceil(Math.log2(leafCount)), "a path has the wrong length");
  let node = blake2b(Uint8Array.of(0, ...leaf));
  let index = leafIndex;
  let levelCount = leafCount;
  for (const each of siblings) {
    const isEmpty = (index ^ 1) >= levelCount;
    require(isEmpty === (each === null), "an empty node is not where the tree has one");
    const sibling = each === null ? new Uint8Array(32) : hash32(each);
    const [left, right] = index % 2 === 0 ? [node, sibling] : [sibling, node];
    node = blake2b(Uint8Array.of(1, ...left, ...right));
    index = Math.floor(index / 2);
    levelCount = Math.ceil(levelCount / 2);
  }
  return node;
}

function blake2b(bytes: Uint8Array): Uint8Array {
  return fromHex(new Preimage(bytes).toSuiAddress().slice(2));
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function fromBase64Url(encoded: string): Uint8Array {
  return base64(`${encoded.replaceAll("-", "+").replaceAll("_", "/")}=`);
}

function hash32(value: unknown): Uint8Array {
  const bytes = base64(value);
  require(bytes.length === 32, "a hash is not 32 bytes");
  return bytes;
}

/** Refuses text that another text would decode to as well. */
function base64(value: unknown): Uint8Array {
  const encoded = text(value);
  require(/^(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?$/.test(encoded), "text is not base64");
  const bytes = fromBase64(encoded);
  require(toBase64(bytes) === encoded, "text is not canonical base64");
  return bytes;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Error("Not proven: a text is missing");
  return value;
}

function whole(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Error("Not proven: a number is missing");
  }
  return value;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`Not proven: ${what} is not a list`);
  return value;
}

function fields(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`Not proven: ${what} is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function require(holds: boolean, why: string): void {
  if (!holds) throw new Error(`Not proven: ${why}`);
}
