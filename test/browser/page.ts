/**
 * What the page under test runs: the codec of `shared/codec`, unmodified, over the built kernel.
 *
 * The server names the kernel files it has; the best of them that this browser takes is used.
 */
import { createCodec, encodeSliver, formatBlobId } from "../../shared/codec/index.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

/** One blob to be encoded, by the seed of its content. */
export interface PageRequest {
  readonly byteCount: number;
  readonly seed: number;
  readonly shardCount: number;
}

/** What the page found out. */
export interface PageAnswer {
  readonly blobId: string;
  /** Text form of the hash of all slivers as they are sent, in pair order. */
  readonly sliversHash: string;
  /** Whether every sliver verified, a changed one did not, and the parity decoded to the blob. */
  readonly verifies: boolean;
}

/** Missing from the Workers types, because workerd refuses to compile at run time. */
interface Compiler {
  compile(bytes: ArrayBuffer): Promise<WebAssembly.Module>;
  validate(bytes: ArrayBuffer): boolean;
}

async function loadKernel(): Promise<WebAssembly.Module> {
  const compiler = WebAssembly as unknown as Compiler;
  const names: string[] = await (await fetch("/kernels")).json();
  for (const name of names) {
    const bytes = await (await fetch(`/kernel/${name}`)).arrayBuffer();
    if (compiler.validate(bytes)) return compiler.compile(bytes);
  }
  throw new Error(`Cannot load a kernel: this browser takes none of ${names.join(", ")}`);
}

async function answer({ byteCount, seed, shardCount }: PageRequest): Promise<PageAnswer> {
  const codec = createCodec(await loadKernel());
  const blob = seededBytes(byteCount, seed);
  const encoded = codec.encode(blob, shardCount);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  const { metadata, parameters } = encoded.value;
  const pairs = [...encoded.value.slivers(Array.from({ length: shardCount }, (_, index) => index))];
  const hashes: Uint8Array<ArrayBuffer>[] = [];
  let verifies = true;
  for (const sliver of pairs.flatMap(({ primary, secondary }) => [primary, secondary])) {
    hashes.push(codec.hash(encodeSliver(sliver)));
    verifies &&= codec.verifySliver(sliver, metadata).ok;
  }
  const [first] = pairs;
  if (first !== undefined) {
    const data = first.primary.data.slice();
    data[0] = (data[0] ?? 0) ^ 1;
    verifies &&= !codec.verifySliver({ ...first.primary, data }, metadata).ok;
  }
  const parity = pairs.slice(-parameters.primaryCount).map((pair) => pair.primary);
  const decoded = codec.decode(parity, metadata);
  verifies &&= decoded.ok && codec.checkBlobId(decoded.value, metadata).ok;
  const joined = new Uint8Array(await new Blob(hashes).arrayBuffer());
  return {
    blobId: formatBlobId(metadata.blobId),
    sliversHash: formatBlobId(codec.hash(joined)),
    verifies,
  };
}

Object.assign(globalThis, { answer });
