/**
 * The network's own floor under a store: the same requests to nodes and chain as a store makes,
 * with everything ready beforehand (slivers encoded, transactions built and signed), over plain
 * `fetch` from this process. What a store takes above it is the client's.
 *
 * As a store of our publisher does, it lets nodes buffer metadata and slivers while the registration
 * is under way, has as many requests in flight (six
 * in each of its lanes), and goes on as soon as a quorum has confirmed.
 */
import type { Transaction } from "@mysten/sui/transactions";
import {
  encodeMetadata,
  encodeSliver,
  formatBlobId,
  pairIndexOfShard,
} from "../../../shared/codec/index.ts";
import { LANES_DEFAULT } from "../../../shared/limits.ts";
import { createPermit, type Permit } from "../../../shared/nodes/permit.ts";
import { certificateWeightMin } from "../../../shared/protocol/quorum.ts";
import { loadCodec } from "../../support/codec.ts";
import { valueOf } from "../../support/results.ts";
import type { BenchWorld } from "../network.ts";

const EPOCHS = 2;

/** One node's requests, ready to be sent. */
interface ReadyNode {
  readonly url: string;
  readonly weight: number;
  readonly slivers: readonly { readonly path: string; readonly body: Uint8Array<ArrayBuffer> }[];
}

interface Confirmation {
  readonly serializedMessage: string;
  readonly signature: string;
}

/** Stores `content` and returns the milliseconds that were spent on requests. */
export async function floorMs(world: BenchWorld, content: Uint8Array): Promise<number> {
  const { walrus, signer } = world.official;
  const { blobId, rootHash, metadata, nodes } = await readyBlob(world, content);
  const owner = signer.toSuiAddress();
  const registering = await signed(
    world,
    walrus.registerBlobTransaction({
      blobId,
      rootHash,
      size: content.length,
      epochs: EPOCHS,
      deletable: false,
      owner,
    }),
  );
  const lanes = Array.from({ length: LANES_DEFAULT }, () =>
    createPermit((request) => fetch(request)),
  );
  const quorum = certificateWeightMin(world.network.description.nShards);
  const confirmations: (Confirmation | null)[] = nodes.map(() => null);
  const hasQuorum = Promise.withResolvers<void>();
  const blobPath = `/v1/blobs/${blobId}`;
  let weight = 0;

  const startedMs = performance.now();
  const registered = execute(world, registering);
  const served = nodes.map(async ({ url, slivers, weight: shards }, index) => {
    const lane = lanes[index % lanes.length] as Permit;
    await put(lane, `${url}${blobPath}/metadata?pending=true`, metadata);
    const puts = slivers.map(({ path, body }) =>
      put(lane, `${url}${blobPath}/${path}?pending=true`, body),
    );
    await Promise.all([registered, ...puts]);
    confirmations[index] = await confirm(lane, `${url}${blobPath}`);
    weight += shards;
    if (weight >= quorum) hasQuorum.resolve();
  });
  const allServed = Promise.all(served);
  await Promise.race([hasQuorum.promise, allServed]);
  const confirmedMs = performance.now();
  await allServed;

  const blobObjectId = await createdBlob(world, await registered);
  const certifying = await signed(
    world,
    walrus.certifyBlobTransaction({ blobId, blobObjectId, deletable: false, confirmations }),
  );
  const certifyingMs = performance.now();
  await execute(world, certifying);
  return confirmedMs - startedMs + (performance.now() - certifyingMs);
}

async function readyBlob({ network: { description } }: BenchWorld, content: Uint8Array) {
  const { nShards } = description;
  const encoded = valueOf((await loadCodec()).encode(content, nShards));
  const { blobId, rootHash } = encoded.metadata;
  const nodes = description.nodes.map(({ url, shards }): ReadyNode => {
    const pairIndices = shards.map((shard) => pairIndexOfShard(shard, blobId, nShards));
    const slivers = [...encoded.slivers(pairIndices)].flatMap(({ pairIndex, primary, secondary }) =>
      [primary, secondary].map((sliver) => ({
        path: `slivers/${pairIndex}/${sliver.axis}`,
        body: encodeSliver(sliver),
      })),
    );
    return { url, weight: shards.length, slivers };
  });
  const metadata = encodeMetadata(encoded.metadata);
  encoded.release();
  return { blobId: formatBlobId(blobId), rootHash, metadata, nodes };
}

interface SignedTransaction {
  readonly bytes: Uint8Array;
  readonly signature: string;
}

async function signed(
  { official: { sui, signer } }: BenchWorld,
  transaction: Transaction,
): Promise<SignedTransaction> {
  transaction.setSender(signer.toSuiAddress());
  const bytes = await transaction.build({ client: sui });
  const { signature } = await signer.signTransaction(bytes);
  return { bytes, signature };
}

/** Executes it and waits until it can be read; returns the objects it created. */
async function execute(
  { official: { sui } }: BenchWorld,
  { bytes, signature }: SignedTransaction,
): Promise<string[]> {
  const executed = await sui.core.executeTransaction({
    transaction: bytes,
    signatures: [signature],
    include: { effects: true },
  });
  if (executed.Transaction?.status.success !== true) {
    throw new Error(`Cannot execute: ${JSON.stringify(executed.FailedTransaction?.status)}`);
  }
  return executed.Transaction.effects.changedObjects
    .filter(({ idOperation }) => idOperation === "Created")
    .map(({ objectId }) => objectId);
}

async function createdBlob({ official }: BenchWorld, objectIds: string[]): Promise<string> {
  const type = await official.walrus.getBlobType();
  const { objects } = await official.sui.core.getObjects({ objectIds });
  for (const object of objects) {
    if (!(object instanceof Error) && object.type === type) return object.objectId;
  }
  throw new Error("Cannot certify: the registration created no Blob object");
}

async function put(lane: Permit, url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await lane.send(() => new Request(url, { method: "PUT", body }));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Cannot put ${url}: ${answer.status} ${text}`);
}

/** Asked at once: the node waits for the registration by itself (protocol: at most 5 s). */
async function confirm(lane: Permit, blobUrl: string): Promise<Confirmation> {
  const url = `${blobUrl}/confirmation/permanent?wait_for_registration=true&wait_millis=5000`;
  const answer = await lane.send(() => new Request(url));
  if (!answer.ok) throw new Error(`Cannot confirm ${url}: ${answer.status} ${await answer.text()}`);
  const body = (await answer.json()) as {
    readonly success: { readonly data: { readonly signed: Confirmation } };
  };
  return body.success.data.signed;
}
