/**
 * The encoding of a staged blob: in memory, or, above a threshold, in the object's own storage.
 *
 * A blob larger than memory is encoded step by step. Each step is noted as a checkpoint, so that
 * whoever comes after a crash goes on from there, and an invocation that has used its share of CPU
 * time leaves the rest to the next.
 */
import {
  type Codec,
  encodingWorkingBytes,
  type ExternalCheckpoint,
  type ExternalCodec,
  type ExternalPlan,
  type ExternalPorts,
  expandedBytesDone,
  firstCheckpoint,
  metadataWorkingBytes,
  type SliverPair,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { LARGE_UPLOAD_BYTES, UPLOAD_WORKING_BYTES_MAX } from "../../../shared/limits.ts";
import type { Timer } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { WorkingMemory } from "../../../shared/working-memory.ts";
import { sizeFailure } from "./failure-of.ts";
import type { UploadFailure } from "./failure.ts";

/** What the work on blobs larger than memory needs. */
export interface LargeBlobs {
  readonly codec: ExternalCodec;
  /** The staged blob, and where to keep what is derived from it. */
  readonly ports: ExternalPorts;
  /** Forgets what was derived. */
  readonly clear: () => void;
  /** Blobs above this are not encoded in memory. */
  readonly aboveBytes: number;
  /** Expanded bytes of one invocation. */
  readonly sliceBytes: number;
}

/** What encoding needs of the world. */
export interface EncodePorts {
  readonly codec: Codec;
  readonly timer: Timer;
  readonly memory: WorkingMemory;
  /** Tells this life of the upload from one that was killed. */
  readonly life: object;
  /** The staged blob row by row: it is never held beside the codec's copy. */
  readonly stagedRows: (byteCount: number) => Iterable<Uint8Array<ArrayBuffer>>;
  /** Without it every blob is encoded in memory. */
  readonly large?: LargeBlobs;
}

/** The encoded blob: its metadata at hand, its slivers on demand. */
export interface StagedBlob {
  readonly metadata: VerifiedMetadata;
  /** Pairs in the order asked for, within `openSlivers` and `release`. */
  slivers(pairIndices: readonly number[]): Iterable<SliverPair> | AsyncIterable<SliverPair>;
  /** Waits for the memory that handing out slivers takes. */
  openSlivers(): Promise<void>;
  /** Gives all memory back. */
  release(): void;
}

/** Not a failure: this invocation has worked long enough, and the next one goes on. */
export interface Paused {
  readonly kind: "paused";
}

/** The blob to be encoded, and how far that had come. */
export interface EncodeJob {
  readonly uploadId: string;
  readonly unencodedBytes: number;
  readonly shardCount: number;
  readonly checkpoint: ExternalCheckpoint | null;
  /** Notes how far it has come, durably before anything that follows. */
  readonly note: (checkpoint: ExternalCheckpoint) => void;
  /** Whether slivers will be asked for, as they are unless this says otherwise. */
  readonly keepsSlivers?: boolean;
}

/** Encodes, or goes on with it. The caller releases what it is given. */
export function encodeStaged(
  ports: EncodePorts,
  job: EncodeJob,
): Promise<Result<StagedBlob, UploadFailure | Paused>> {
  const { large } = ports;
  return large !== undefined && job.unencodedBytes > large.aboveBytes
    ? encodeInStorage(ports, large, job)
    : encodeInMemory(ports, job);
}

/** The metadata alone, in one invocation; nothing is held afterwards. */
export async function measureStaged(
  ports: EncodePorts,
  job: EncodeJob,
): Promise<Result<VerifiedMetadata, UploadFailure | Paused>> {
  const { large, memory, life, codec, stagedRows } = ports;
  const { uploadId, unencodedBytes, shardCount } = job;
  if (large !== undefined && unencodedBytes > large.aboveBytes) {
    const encoded = await encodeInStorage(ports, large, { ...job, keepsSlivers: false });
    return encoded.ok ? ok(encoded.value.metadata) : encoded;
  }
  const holder = { name: uploadId, life };
  const giveBack = await memory.acquireAs(holder, metadataWorkingBytes(unencodedBytes));
  try {
    const metadata = codec.metadata(
      { chunks: stagedRows(unencodedBytes), unencodedBytes },
      shardCount,
    );
    return metadata.ok ? metadata : err(sizeFailure(metadata.failure));
  } finally {
    giveBack();
  }
}

async function encodeInMemory(
  { codec, memory, life, stagedRows }: EncodePorts,
  { uploadId, unencodedBytes, shardCount }: EncodeJob,
): Promise<Result<StagedBlob, UploadFailure>> {
  const giveBack = await memory.acquireAs(
    { name: uploadId, life },
    encodingWorkingBytes(unencodedBytes),
  );
  const chunks = stagedRows(unencodedBytes);
  const encoded = codec.encode({ chunks, unencodedBytes }, shardCount);
  if (!encoded.ok) {
    giveBack();
    return err(sizeFailure(encoded.failure));
  }
  return ok({
    metadata: encoded.value.metadata,
    slivers: (pairIndices) => encoded.value.slivers(pairIndices),
    openSlivers: () => Promise.resolve(),
    release() {
      encoded.value.release();
      giveBack();
    },
  });
}

async function encodeInStorage(
  { memory, life, timer }: EncodePorts,
  large: LargeBlobs,
  job: EncodeJob,
): Promise<Result<StagedBlob, UploadFailure | Paused>> {
  const { unencodedBytes, shardCount } = job;
  const workingBytes = UPLOAD_WORKING_BYTES_MAX;
  const { keepsSlivers = true } = job;
  const plan = large.codec.plan(unencodedBytes, shardCount, { workingBytes, keepsSlivers });
  if (!plan.ok) return err(sizeFailure(plan.failure));
  let { checkpoint } = job;
  if (checkpoint === null || !isSamePlan(checkpoint.plan, plan.value)) {
    large.clear();
    checkpoint = firstCheckpoint(plan.value);
  }
  const holder = { name: job.uploadId, life };
  const leave = await memory.acquireAs(holder, LARGE_UPLOAD_BYTES);
  const metadata = await runSlice(timer, large, job, checkpoint).finally(leave);
  if (metadata === null) return err({ kind: "paused" });
  let giveBack: (() => void) | null = null;
  return ok({
    metadata,
    slivers: (pairIndices) => large.codec.slivers(plan.value, large.ports, pairIndices),
    async openSlivers() {
      giveBack ??= await memory.acquireAs(holder, LARGE_UPLOAD_BYTES);
    },
    release() {
      giveBack?.();
    },
  });
}

/** Works until the metadata is there, or the share of this invocation is used up (`null`). */
async function runSlice(
  timer: Timer,
  large: LargeBlobs,
  job: EncodeJob,
  checkpoint: ExternalCheckpoint,
): Promise<VerifiedMetadata | null> {
  const startBytes = expandedBytesDone(checkpoint);
  const run = large.codec.run(checkpoint, large.ports);
  try {
    for (;;) {
      const step = await run.next();
      if (step.done === true) return step.value;
      job.note(step.value);
      if (expandedBytesDone(step.value) - startBytes >= large.sliceBytes) return null;
      // Requests to this object, and to its neighbours in the isolate, get their turn.
      await timer.sleep(0);
    }
  } finally {
    // Whoever goes on has a run of their own; this one gives its kernel back.
    await run.return(undefined as never);
  }
}

function isSamePlan(known: ExternalPlan, plan: ExternalPlan): boolean {
  return JSON.stringify(known) === JSON.stringify(plan);
}
