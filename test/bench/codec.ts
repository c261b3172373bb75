/** The codec against the official encoder, at 1,000 shards, both in this process in turn. */
import { BlobEncoder } from "@mysten/walrus-wasm";
import { encodeSliver, sliverBytes, symbolBytesFor } from "../../shared/codec/index.ts";
import { countingBytes } from "../support/bytes.ts";
import { loadCodec } from "../support/codec.ts";
import { valueOf } from "../support/results.ts";
import { type BenchReport, compare, reportOf } from "./report.ts";

const SHARDS = 1000;
const KIB = 1024;
const MIB = 1024 * KIB;

const METADATA_SIZES: Readonly<Record<string, number>> = {
  "1 B": 1,
  "1 KiB": KIB,
  "64 KiB": 64 * KIB,
  "1 MiB": MIB,
  "8 MiB": 8 * MIB,
  "32 MiB": 32 * MIB,
};
const ENCODE_SIZES: Readonly<Record<string, number>> = { "1 MiB": MIB, "8 MiB": 8 * MIB };
const DECODE_SIZES: Readonly<Record<string, number>> = { "64 KiB": 64 * KIB, "8 MiB": 8 * MIB };

/** Runs every case; `rounds` alternations each. */
export async function run(rounds = 3): Promise<BenchReport> {
  const codec = await loadCodec();
  const peer = new BlobEncoder(SHARDS);
  const pairs = Array.from({ length: SHARDS }, (_, index) => index);

  const metadata = Object.entries(METADATA_SIZES).map(([label, byteCount]) => {
    const blob = countingBytes(byteCount, 7);
    return compare(
      `metadata ${label}`,
      rounds,
      () => codec.metadata(blob, SHARDS),
      () => peer.compute_metadata(blob),
    );
  });

  const encode = Object.entries(ENCODE_SIZES).map(([label, byteCount]) => {
    const blob = countingBytes(byteCount, 7);
    const symbolBytes = valueOf(symbolBytesFor(byteCount, SHARDS));
    const buffers = (axis: "primary" | "secondary") => {
      const bytes = sliverBytes(axis, symbolBytes, SHARDS);
      const length = encodeSliver({
        axis,
        sliverIndex: 0,
        symbolBytes,
        data: new Uint8Array(bytes),
      });
      return pairs.map(() => new Uint8Array(length.length));
    };
    return compare(
      `encode ${label}`,
      rounds,
      () => {
        const encoded = valueOf(codec.encode(blob, SHARDS));
        for (const pair of encoded.slivers(pairs)) {
          encodeSliver(pair.primary);
          encodeSliver(pair.secondary);
        }
        encoded.release();
      },
      () => peer.encode(blob, buffers("primary"), buffers("secondary")),
    );
  });

  const decode = Object.entries(DECODE_SIZES).map(([label, byteCount]) => {
    const blob = countingBytes(byteCount, 7);
    const encoded = valueOf(codec.encode(blob, SHARDS));
    // One systematic sliver missing: parity sliver 334 in the place of sliver 0.
    const indices = Array.from({ length: 334 }, (_, index) => index + 1);
    const slivers = [...encoded.slivers(indices)].map((pair) => pair.primary);
    encoded.release();
    const bcs = slivers.map(encodeSliver);
    const id = [...encoded.metadata.blobId];
    return compare(
      `decode ${label} one missing`,
      rounds,
      () => codec.decode(slivers, encoded.metadata),
      () => peer.decode(id, BigInt(byteCount), bcs, new Uint8Array(byteCount)),
    );
  });

  return reportOf([...metadata, ...encode, ...decode], ["@mysten/walrus-wasm"]);
}
