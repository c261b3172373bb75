/** `GET /v1/health` (Walrus `walrus-storage-node-client` `api.rs::ServiceHealthInfo`). */
import { toBase64 } from "../../../shared/bytes/text.ts";
import { type Answer, jsonAnswer } from "./answer.ts";
import type { StorageNode } from "./node.ts";

/** What a node says of itself; `syncing` shards are being transferred to it. */
export function healthAnswer(
  node: StorageNode,
  detailed: boolean,
  uptimeMs: number,
  syncing: ReadonlySet<number>,
): Answer {
  const owned = [...node.owned];
  const inTransfer = owned.filter((shardIndex) => syncing.has(shardIndex)).length;
  return jsonAnswer({
    uptime: { secs: Math.floor(uptimeMs / 1000), nanos: Math.round(uptimeMs % 1000) * 1_000_000 },
    epoch: node.epoch,
    publicKey: toBase64(node.parts.signer.publicKey),
    nodeStatus: inTransfer > 0 ? "RecoverMetadata" : "Active",
    eventProgress: { persisted: node.parts.chain.eventCount, pending: 0 },
    shardSummary: {
      owned: owned.length,
      ownedShardStatus: {
        unknown: 0,
        ready: owned.length - inTransfer,
        inTransfer,
        inRecovery: 0,
      },
      readOnly: node.locked.size,
    },
    ...(detailed ? { shardDetail: shardDetail(node, syncing) } : {}),
  });
}

function shardDetail(node: StorageNode, syncing: ReadonlySet<number>): unknown {
  return {
    owned: [...node.owned].map((shard) => ({
      shard,
      status: syncing.has(shard) ? "inTransfer" : "ready",
    })),
    other: [...node.locked].map((shard) => ({ shard, status: "readOnly" })),
  };
}
