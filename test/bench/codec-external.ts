/**
 * Blobs larger than the isolate at 1,000 shards: CPU time and memory of the metadata of 1 GiB.
 *
 * The source is generated, the scratch store is a file. The official encoder cannot take such a
 * blob: its time is extrapolated from what 32 and 64 MiB take in this process.
 */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobEncoder } from "@mysten/walrus-wasm";
import {
  type BlobSource,
  createExternalCodec,
  firstCheckpoint,
  type ScratchStore,
} from "../../shared/codec/index.ts";
import { TRANSFERS_TOGETHER } from "../../shared/codec/external/transfer.ts";
import { compileKernel } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { valueOf } from "../support/results.ts";
import type { SectionText } from "./page.ts";
import { type BenchReport, reportOf } from "./report.ts";

export const section: SectionText = {
  title: "Blobs larger than the isolate",
  about: `
The metadata of 1 GiB at 1,000 shards through the external codec: the source is generated, scratch is
a file. CPU seconds of the whole process, reads and writes of the scratch file included; memory is
kernel memory and transfers under way. The official encoder cannot take such a blob: its time is
extrapolated from what 32 and 64 MiB take in the same process.
`,
};

const SHARDS = 1000;
const MIB = 1024 * 1024;
const BLOB_MIB = 1024;
const PEER_MIB: readonly [number, number] = [32, 64];

/** Runs the case over `blobMib` MiB; the peer's time is extrapolated from two smaller sizes. */
export async function run(blobMib = BLOB_MIB, peerMib = PEER_MIB): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "walrus-edge-bench-"));
  try {
    const ours = await measure(blobMib * MIB, folder);
    const peer = extrapolatedPeerMs(blobMib, peerMib);
    const name = `metadata ${blobMib} MiB, CPU, peer extrapolated`;
    const ratio = peer / ours.cpuMs;
    const { memoryBytes } = ours;
    const runtime = "node";
    return reportOf(
      [{ name, runtime, unit: "ms", peer, ours: ours.cpuMs, ratio, memoryBytes }],
      ["@mysten/walrus-wasm"],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(byteCount: number, folder: string) {
  const kernels = watchMemories();
  try {
    const external = createExternalCodec(await compileKernel());
    const plan = valueOf(external.plan(byteCount, SHARDS, { keepsSlivers: false }));
    const scratch = new FileScratch(folder);
    const ports = { source: generatedSource(), scratch };
    const before = process.cpuUsage();
    const work = external.run(firstCheckpoint(plan), ports);
    let step = await work.next();
    while (step.done !== true) step = await work.next();
    const { user, system } = process.cpuUsage(before);
    await scratch.close();
    const memoryBytes = kernels.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return {
      cpuMs: (user + system) / 1000,
      memoryBytes: memoryBytes + TRANSFERS_TOGETHER * plan.pieceBytes,
    };
  } finally {
    kernels.restore();
  }
}

/** Every WebAssembly memory made from now on. */
function watchMemories(): WebAssembly.Memory[] & { restore(): void } {
  const { Memory } = WebAssembly;
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  return Object.assign(made, { restore: () => void (WebAssembly.Memory = Memory) });
}

/** Bytes that differ from row to row, made from one block. */
function generatedSource(): BlobSource {
  const block = seededBytes(4 * MIB + 3, 1);
  return {
    async read(offset, byteCount) {
      const start = offset % (block.length - byteCount);
      return block.slice(start, start + byteCount);
    },
  };
}

/** One file for each section. */
class FileScratch implements ScratchStore {
  readonly #folder: string;
  readonly #files = new Map<string, ReturnType<typeof open>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async append(section: string, offset: number, bytes: Uint8Array): Promise<void> {
    const file = await this.#file(section);
    await file.write(bytes, 0, bytes.length, offset);
  }

  async read(section: string, offset: number, byteCount: number): Promise<Uint8Array> {
    const file = await this.#file(section);
    const bytes = new Uint8Array(byteCount);
    const { bytesRead } = await file.read(bytes, 0, byteCount, offset);
    return bytes.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await (await file).close();
  }

  #file(section: string): ReturnType<typeof open> {
    const opened = this.#files.get(section) ?? open(join(this.#folder, section), "w+");
    this.#files.set(section, opened);
    return opened;
  }
}

function extrapolatedPeerMs(blobMib: number, [small, large]: readonly [number, number]): number {
  const encoder = new BlobEncoder(SHARDS);
  const [smallMs, largeMs] = [peerMs(encoder, small), peerMs(encoder, large)];
  encoder.free();
  return largeMs + ((blobMib - large) * (largeMs - smallMs)) / (large - small);
}

function peerMs(encoder: BlobEncoder, blobMib: number): number {
  const blob = seededBytes(blobMib * MIB, 2);
  const before = process.cpuUsage();
  encoder.compute_metadata(blob);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
