/**
 * Many uploads in one isolate: blobs larger than memory are encoded one at a time, within the
 * isolate's permit, and a small one does not wait for all of them.
 */
import { expect, test } from "vitest";
import { createCodec, createExternalCodec } from "../../../shared/codec/index.ts";
import { ISOLATE_WORKING_SET_BYTES, LARGE_UPLOAD_BYTES } from "../../../shared/limits.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { type EncodePorts, encodeStaged } from "../../../workers/publisher/upload/encode.ts";
import { compileKernel } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { MemoryScratch, sourceOf } from "../../support/memory-scratch.ts";
import { valueOf } from "../../support/results.ts";

const SHARD_COUNT = 16;
const LARGE_ABOVE_BYTES = 10_000;

test("eight large uploads and a small one", async () => {
  const kernel = await compileKernel();
  const memory = new WorkingMemory(ISOLATE_WORKING_SET_BYTES);
  const [codec, externalCodec] = [createCodec(kernel), createExternalCodec(kernel)];
  let bytesTakenMax = 0;
  const ended: string[] = [];
  const upload = async (uploadId: string, byteCount: number) => {
    const content = seededBytes(byteCount, 1);
    const ports: EncodePorts = {
      codec,
      memory,
      life: {},
      timer: { sleep: () => new Promise((resolve) => setImmediate(resolve)) },
      stagedRows: () => [content],
      large: {
        codec: externalCodec,
        ports: { source: sourceOf(content), scratch: new MemoryScratch() },
        clear: () => undefined,
        aboveBytes: LARGE_ABOVE_BYTES,
        sliceBytes: Number.POSITIVE_INFINITY,
      },
    };
    const note = () => {
      bytesTakenMax = Math.max(bytesTakenMax, memory.bytesTaken);
    };
    const job = { uploadId, unencodedBytes: byteCount, shardCount: SHARD_COUNT };
    const encoded = valueOf(await encodeStaged(ports, { ...job, checkpoint: null, note }));
    await encoded.openSlivers();
    for await (const { pairIndex } of encoded.slivers([0, SHARD_COUNT - 1])) {
      expect(pairIndex).toBeLessThan(SHARD_COUNT);
      note();
    }
    encoded.release();
    ended.push(uploadId);
  };
  const large = Array.from({ length: 8 }, (_, index) => upload(`large ${index}`, 200_000));
  await Promise.all([...large, upload("small", LARGE_ABOVE_BYTES)]);
  expect(ended[0]).toBe("small");
  expect(ended).toHaveLength(9);
  // Two large ones at once would take more; the small one works beside the first.
  expect(bytesTakenMax).toBeGreaterThan(LARGE_UPLOAD_BYTES);
  expect(bytesTakenMax).toBeLessThan(2 * LARGE_UPLOAD_BYTES);
  expect(memory.bytesTaken).toBe(0);
});
