/** A blob above the in-memory maximum against the official encoder, at 1,000 shards. */
import { BlobEncoder } from "@mysten/walrus-wasm";
import { expect, test } from "vitest";
import { createCodec, createExternalCodec, firstCheckpoint } from "../../shared/codec/index.ts";
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../shared/limits.ts";
import { compileKernel } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { MemoryScratch, sourceOf } from "../support/memory-scratch.ts";
import { valueOf } from "../support/results.ts";

const SHARDS = 1000;

test("a blob that does not fit memory has the official blob ID, and its slivers verify", async () => {
  const blob = seededBytes(IN_MEMORY_BLOB_BYTES_MAX + 1_000_001, 11);
  const encoder = new BlobEncoder(SHARDS);
  const [blobId] = encoder.compute_metadata(blob) as [ArrayLike<number>];
  encoder.free();

  const module = await compileKernel();
  const [codec, external] = [createCodec(module), createExternalCodec(module)];
  const plan = valueOf(external.plan(blob.length, SHARDS, { workingBytes: 12 * 1024 * 1024 }));
  const ports = { source: sourceOf(blob), scratch: new MemoryScratch() };
  const run = external.run(firstCheckpoint(plan), ports);
  let step = await run.next();
  while (step.done !== true) step = await run.next();
  const metadata = step.value;
  expect(metadata.blobId).toEqual(Uint8Array.from(blobId));
  for await (const { primary, secondary } of external.slivers(plan, ports, [0, 333, 334, 999])) {
    expect(codec.verifySliver(primary, metadata).ok).toBe(true);
    expect(codec.verifySliver(secondary, metadata).ok).toBe(true);
  }
});
