import { describe, expect, test } from "vitest";
import type { BlobStatus } from "../../../shared/nodes/blob-status.ts";
import type { NodeClient } from "../../../shared/nodes/client.ts";
import { BLOB_STATUS_DEADLINE_MS } from "../../../shared/limits.ts";
import { verifiedBlobStatus } from "../../../shared/nodes/verified-status.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { err, ok } from "../../../shared/result.ts";
import { ManualTimer } from "./support.ts";

const BLOB_ID = new Uint8Array(32);
const NOTHING: BlobStatus = { kind: "nonexistent" };

function permanent(endEpoch: number, count = 0): BlobStatus {
  return {
    kind: "permanent",
    endEpoch,
    isCertified: true,
    statusEvent: { txDigest: "t", eventSeq: "0" },
    deletableCertifiedCount: count,
    initialCertifiedEpoch: 1,
  };
}

/** Nodes of so many shards with such words; `null` is a node that fails. */
function ask(nodes: readonly (readonly [number, BlobStatus | null])[], timer = new ManualTimer()) {
  let nextShard = 0;
  const members = nodes.map(([shardCount], index) => ({
    nodeId: String(index),
    name: "",
    baseUrl: "",
    publicKey: new Uint8Array(),
    shardIndices: Array.from({ length: shardCount }, () => nextShard++),
  }));
  const committee: Committee = { epoch: 1, shardCount: nextShard, members };
  const client = {
    getBlobStatus(node: { nodeId: string }) {
      const status = nodes[Number(node.nodeId)]?.[1] ?? null;
      const failure = { kind: "aborted" } as never;
      return Promise.resolve(status === null ? err(failure) : ok(status));
    },
  } as Pick<NodeClient, "getBlobStatus">;
  return verifiedBlobStatus({ client, timer }, committee, BLOB_ID);
}

describe("the status of a blob", () => {
  test("is what more than f shards say, however the others lie", async () => {
    // 10 shards: f = 3.
    expect(
      await ask([
        [3, permanent(9)],
        [3, NOTHING],
        [2, permanent(5, 1)],
        [2, permanent(5, 2)],
      ]),
    ).toMatchObject({ kind: "permanent", endEpoch: 5 });
  });

  test("is the furthest one, though most have not heard of it yet", async () => {
    const registered = { ...permanent(5), isCertified: false } as BlobStatus;
    // A quorum is 7 of 10 shards: the answer waits for it.
    expect(
      await ask([
        [3, registered],
        [3, NOTHING],
        [4, permanent(5)],
      ]),
    ).toMatchObject({ kind: "permanent", isCertified: true });
    expect(
      await ask([
        [4, NOTHING],
        [4, registered],
        [2, null],
      ]),
    ).toMatchObject({ kind: "permanent", isCertified: false });
  });

  test("is unknown when exactly f shards say it, and nobody else answers", async () => {
    expect(
      await ask([
        [3, permanent(9)],
        [3, null],
        [4, null],
      ]),
    ).toBeNull();
  });

  test("is unknown when nodes do not answer in time", async () => {
    const timer = new ManualTimer();
    const silent = { getBlobStatus: () => new Promise<never>(() => undefined) };
    const committee: Committee = {
      epoch: 1,
      shardCount: 4,
      members: [
        {
          nodeId: "0",
          name: "",
          baseUrl: "",
          publicKey: new Uint8Array(),
          shardIndices: [0, 1, 2, 3],
        },
      ],
    };
    const status = verifiedBlobStatus({ client: silent, timer }, committee, BLOB_ID);
    timer.advance(BLOB_STATUS_DEADLINE_MS);
    expect(await status).toBeNull();
  });
});
