/**
 * Looks after registrations nobody certified: a bounded number of them each time.
 *
 * Deletable ones are deleted, which frees their storage for the next registration; permanent ones
 * are certified where enough nodes hold their slivers, else they are sunk cost until the same blob
 * is uploaded again. Each change is a wallet command with a name of its own, so a sweep that is cut
 * off, or runs twice, pays once.
 */
import { parseBlobId } from "../../../shared/codec/index.ts";
import { OBJECT_UNSEEN_MS_MAX, ORPHANS_PER_SWEEP_MAX } from "../../../shared/limits.ts";
import type { Clock, Log } from "../../../shared/ports.ts";
import type { BlobObject } from "../../../shared/protocol/blob-object.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { writeCommittee } from "../../../shared/protocol/epoch.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { Orphan, OrphanSweep } from "../../../shared/rpc/orphans.ts";
import type { Chain } from "../../../shared/sui/chain.ts";
import type { LeaseBookRpc } from "../lease-book/leases.ts";
import type { OrphanBookRpc } from "../lease-book/orphans.ts";
import type { WalletCommand, WalletReply } from "../wallet/commands.ts";

/** What a sweep needs. */
export interface SweepPorts {
  readonly book: OrphanBookRpc & Pick<LeaseBookRpc, "record">;
  readonly chain: Pick<Chain, "readSystem" | "readBlobObjects">;
  /** The wallet of an address of the gateway; `null` for a foreign one. */
  readonly run: (owner: string, command: WalletCommand) => Promise<WalletReply> | null;
  /** Certifies what nodes hold; `null` where too few do. */
  readonly certificate: (committee: Committee, blobId: Uint8Array) => Promise<Certificate | null>;
  /** How long ago a registration was given up before it is looked at. */
  readonly sweepAfterMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What may be done about an orphan. */
export type OrphanFate = "gone" | "certified" | "expired" | "delete" | "certify";

/** Decides by what the chain says of the blob now; `null`: there is no such object. Pure. */
function orphanFate(blob: BlobObject | null, epoch: number): OrphanFate {
  if (blob === null) return "gone";
  if (blob.certifiedEpoch !== null) return "certified";
  if (blob.storage.endEpoch <= epoch) return "expired";
  return blob.deletable ? "delete" : "certify";
}

const NOTHING: OrphanSweep = {
  looked: 0,
  deleted: 0,
  certified: 0,
  sunk: 0,
  expired: 0,
  gone: 0,
  postponed: 0,
};

/** Sweeps once. */
export async function sweepOrphans(ports: SweepPorts): Promise<OrphanSweep> {
  const { book, chain, clock } = ports;
  const before = clock.nowMs() - ports.sweepAfterMs;
  const due = await book.orphansDue(before, ORPHANS_PER_SWEEP_MAX);
  if (due.length === 0) return NOTHING;
  const [system, blobs] = await Promise.all([
    chain.readSystem({ fresh: true }),
    chain.readBlobObjects(due.map(({ blobObjectId }) => blobObjectId)),
  ]);
  const counts: Record<keyof OrphanSweep, number> = { ...NOTHING, looked: due.length };
  if (!system.ok || !blobs.ok) return { ...counts, postponed: due.length };
  for (const [index, orphan] of due.entries()) {
    const blob = blobs.value[index] ?? null;
    const fate = orphanFate(blob, system.value.epoch);
    const came = await lookAfter(ports, orphan, fate, writeCommittee(system.value));
    counts[came]++;
  }
  ports.log.info({ event: "orphans.swept", detail: JSON.stringify(counts) });
  return counts;
}

async function lookAfter(
  ports: SweepPorts,
  orphan: Orphan,
  fate: OrphanFate,
  committee: Committee,
): Promise<Exclude<keyof OrphanSweep, "looked">> {
  const { book, clock } = ports;
  const { blobObjectId } = orphan;
  switch (fate) {
    case "gone":
      // An RPC node that is behind may not know of it yet; only the local network sweeps so soon.
      if (clock.nowMs() - orphan.recordedAtMs < OBJECT_UNSEEN_MS_MAX)
        return postpone(ports, orphan);
      await book.forgetOrphan(blobObjectId);
      return "gone";
    case "certified":
      await book.record(leaseOf(orphan, clock.nowMs()));
      return "certified";
    case "expired":
      await book.markOrphan(blobObjectId, "expired", clock.nowMs());
      return "expired";
    case "delete": {
      const id = `orphan/${blobObjectId}/delete`;
      const reply = await ports.run(orphan.owner, { kind: "delete", id, blobObjectId });
      if (reply?.ok !== true) return postpone(ports, orphan);
      await book.forgetOrphan(blobObjectId);
      return "deleted";
    }
    case "certify":
      return certify(ports, orphan, committee);
  }
}

async function certify(
  ports: SweepPorts,
  orphan: Orphan,
  committee: Committee,
): Promise<"certified" | "sunk" | "postponed"> {
  const { book, clock } = ports;
  const { blobObjectId } = orphan;
  const blobId = parseBlobId(orphan.blobId);
  const certificate = blobId === null ? null : await ports.certificate(committee, blobId);
  if (certificate === null) {
    await book.markOrphan(blobObjectId, "sunk", clock.nowMs());
    return "sunk";
  }
  const { message, signature, signersBitmap } = certificate;
  const id = `orphan/${blobObjectId}/certify/${committee.epoch}`;
  const command = { kind: "certify", id, blobObjectId, message, signature, signersBitmap } as const;
  const reply = await ports.run(orphan.owner, command);
  if (reply?.ok !== true) return postpone(ports, orphan);
  await book.record(leaseOf(orphan, clock.nowMs()));
  return "certified";
}

/** Others come first the next time. */
async function postpone({ book, clock }: SweepPorts, orphan: Orphan): Promise<"postponed"> {
  await book.markOrphan(orphan.blobObjectId, orphan.state, clock.nowMs());
  return "postponed";
}

/** It is certified: renewal looks after it from here on. */
function leaseOf(orphan: Orphan, nowMs: number): Lease {
  const { blobObjectId, blobId, owner, sub, unencodedBytes, storageBytes, deletable } = orphan;
  const { startEpoch, endEpoch } = orphan;
  const sizes = { unencodedBytes, storageBytes, deletable, startEpoch, endEpoch };
  return { blobObjectId, blobId, owner, sub, ...sizes, recordedAtMs: nowMs };
}
