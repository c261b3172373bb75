/** A released blob gives its kernel back, whoever still holds the blob. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { encodeMatrix } from "../../../shared/codec/blob-encoder.ts";
import type { EncodedBlob } from "../../../shared/codec/index.ts";
import { Kernel } from "../../../shared/codec/kernel/kernel.ts";
import { MessageMatrix } from "../../../shared/codec/message-matrix.ts";
import { encodingParameters, symbolBytesFor } from "../../../shared/codec/parameters.ts";
import { compileKernel } from "../../support/codec.ts";
import { valueOf } from "../../support/results.ts";

const SHARD_COUNT = 10;
const BLOB_BYTES = 10_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** In a function of its own: nothing of the kernel is left on the stack of who calls it. */
function encodeOver(module: WebAssembly.Module): {
  readonly encoded: EncodedBlob;
  readonly kernel: WeakRef<Kernel>;
} {
  const kernel = new Kernel(module);
  const symbolBytes = valueOf(symbolBytesFor(BLOB_BYTES, SHARD_COUNT));
  const chunks = [new Uint8Array(BLOB_BYTES).fill(7)];
  const parameters = encodingParameters(SHARD_COUNT);
  const matrix = new MessageMatrix(kernel, chunks, BLOB_BYTES, parameters, symbolBytes);
  return { encoded: encodeMatrix(matrix), kernel: new WeakRef(kernel) };
}

/** A WeakRef keeps what it refers to until the turn of the event loop ends. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  collectGarbage();
}

test("a blob holds its kernel until it is released, and not longer", async () => {
  const { encoded, kernel } = encodeOver(await compileKernel());
  await nextTurn();
  expect(kernel.deref()).toBeDefined();
  encoded.release();
  await nextTurn();
  expect(kernel.deref()).toBeUndefined();
  expect(encoded.memoryBytes).toBe(0);
});
