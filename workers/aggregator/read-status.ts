/**
 * `GET /edge/v1/blobs/{blob_id}/status`: what is known of a blob's right to be served, and why no
 * more is known. A sample of storage nodes is asked at most once a minute in a data centre.
 */
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { parseBlobId } from "../../shared/codec/index.ts";
import { STATUS_SAMPLE_NODES, STATUS_TTL_SECONDS } from "../../shared/limits.ts";
import type { BlobStatus } from "../../shared/nodes/blob-status.ts";
import { shuffled } from "../../shared/nodes/read-metadata.ts";
import { ok } from "../../shared/result.ts";
import { epochStartMs } from "../../shared/cache/lifetime.ts";
import type { Exchange } from "./exchange.ts";
import type { LeaseWord } from "./leases.ts";
import { openBlob, type OpenBlob } from "./open-blob.ts";
import { badId } from "./refusals.ts";
import { inMemory, plainHeaders, shortDigest, shortLease } from "./representation.ts";
import type { AggregatorServices } from "./services.ts";

interface NodeWord {
  readonly nodeId: string;
  readonly name: string;
  readonly shards: number;
  /** What the node says; `null` when it did not answer. */
  readonly status: BlobStatus | null;
  readonly error: string | null;
}

/** Answers a request for the status. */
export async function readStatus(exchange: Exchange, idText: string): Promise<Response> {
  const { services, request } = exchange;
  const blobId = parseBlobId(idText);
  if (blobId === null) return exchange.problem(badId("blob_id", idText));
  const opened = await openBlob(services, blobId, request.signal);
  if (!opened.ok) return exchange.refuse(opened.failure);
  const blob = opened.value;
  const key = `status/${blob.id}/${blob.view.epoch}`;
  // No lifetime for KV: a minute-old word is not worth a write.
  const hit = await services.tiers.get(key, () => 0);
  const bytes = hit?.value ?? utf8Bytes(JSON.stringify(await learnStatus(services, blob, request)));
  if (hit === null) void services.tiers.put(key, bytes, STATUS_TTL_SECONDS);
  const content = inMemory(bytes, {
    tag: `${blob.id}.status.${await shortDigest(bytes)}`,
    headers: plainHeaders(blob),
    lease: shortLease(services, [blob], STATUS_TTL_SECONDS),
    contentType: "application/json",
    tier: hit?.tier ?? null,
  });
  return exchange.answer(ok(content));
}

async function learnStatus(
  services: AggregatorServices,
  blob: OpenBlob,
  request: Request,
): Promise<object> {
  const [leases, nodes] = await Promise.all([
    services.leases(blob.id),
    sampleNodes(services, blob, request.signal),
    blob.known.settled,
  ]);
  const { view, entry } = blob;
  return {
    blobId: blob.id,
    unencodedBytes: entry.unencodedBytes,
    shardCount: entry.shardCount,
    epoch: view.epoch,
    standing: standingOf(blob, leases, nodes),
    persistence: persistenceOf(nodes),
    nodes,
    askedAt: new Date(services.clock.nowMs()).toISOString(),
  };
}

/** The strongest word there is; a node's word is passed on as what it is. */
function standingOf(blob: OpenBlob, leases: LeaseWord, nodes: readonly NodeWord[]): object {
  const { view, entry } = blob;
  const leased = (end: number | null) => end !== null && end > view.epoch;
  const endEpoch = entry.endEpoch ?? leases.permanentEndEpoch;
  if (leased(endEpoch) && endEpoch !== null) {
    const endMs = epochStartMs(endEpoch, view.timing);
    return {
      certified: true,
      endEpoch,
      endDate: endMs === null ? null : new Date(endMs).toISOString(),
      source: entry.endEpoch === null ? "lease-book" : (entry.source ?? "lease-book"),
      reason: null,
    };
  }
  const unproven = { endEpoch: null, endDate: null };
  if (leased(leases.latestEndEpoch)) {
    const reason = "the gateway's leases on this blob are deletable: their end may come any time";
    return { certified: true, ...unproven, source: "lease-book", reason };
  }
  const answers = nodes.flatMap(({ status }) => (status === null ? [] : [status]));
  const certified = answers.some(isCertified) ? true : answers.length === 0 ? null : false;
  const reason =
    certified === null
      ? "no storage node of the sample answered, and this gateway holds no lease on the blob"
      : "the storage nodes of the sample say so; this gateway holds no lease that proves an end";
  return { certified, ...unproven, source: certified === null ? null : "storage-nodes", reason };
}

function isCertified(status: BlobStatus): boolean {
  switch (status.kind) {
    case "permanent":
      return status.isCertified || status.deletableCertifiedCount > 0;
    case "deletable":
      return status.deletableCertifiedCount > 0;
    case "nonexistent":
    case "invalid":
      return false;
  }
}

/** What most of the sample say; `null` where nobody knows of a lease. */
function persistenceOf(nodes: readonly NodeWord[]): "permanent" | "deletable" | null {
  const count = (kind: BlobStatus["kind"]) =>
    nodes.filter(({ status }) => status?.kind === kind).length;
  const [permanent, deletable] = [count("permanent"), count("deletable")];
  if (permanent + deletable === 0) return null;
  return permanent >= deletable ? "permanent" : "deletable";
}

async function sampleNodes(
  { client, random }: AggregatorServices,
  blob: OpenBlob,
  signal: AbortSignal,
): Promise<readonly NodeWord[]> {
  const sample = shuffled(blob.view.current.members, random).slice(0, STATUS_SAMPLE_NODES);
  return Promise.all(
    sample.map(async (member): Promise<NodeWord> => {
      const { nodeId, name, shardIndices } = member;
      const asked = await client.getBlobStatus(member, blob.blobId, { signal });
      return {
        nodeId,
        name,
        shards: shardIndices.length,
        status: asked.ok ? asked.value : null,
        error: asked.ok ? null : asked.failure.kind,
      };
    }),
  );
}
