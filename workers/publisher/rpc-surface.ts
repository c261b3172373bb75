/**
 * The publisher's RPC surface over its wallet and lease book, whatever they are reached through.
 */
import type { ExtendFailure, PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import type { OrphanSweep } from "../../shared/rpc/orphans.ts";
import type { GateRpc } from "./gate/gate.ts";
import type { LeaseBookRpc } from "./lease-book/leases.ts";
import { recentShard, type RecentDirectory } from "./recent/recent.ts";
import { isFinalFailure, type WalletFailure } from "./wallet/commands.ts";
import type { Wallets } from "./wallet/wallets.ts";

/** How the surface reaches its objects: a new stub for each call. */
export interface PublisherObjects {
  readonly wallets: Wallets;
  readonly book: () => LeaseBookRpc;
  readonly gate: () => GateRpc;
  readonly recents: () => RecentDirectory;
  readonly sweepOrphans: () => Promise<OrphanSweep>;
}

/** Makes the surface. */
export function createPublisherRpc(objects: PublisherObjects): PublisherRpcSurface {
  const { wallets, book, gate, recents } = objects;
  return {
    walletAddresses: async () => wallets.addresses,
    leasesEnding: (endEpochMax, query = {}) => book().ending(endEpochMax, query),
    leasesOfBlob: (blobId) => book().ofBlob(blobId),
    wasCertifiedLately: (blobId) => recents().getByName(recentShard(blobId)).has(blobId),
    gateRules: (knownVersion) => gate().rules(knownVersion),
    async extendLeases({ id, owner, extensions }) {
      if (!wallets.isOurs(owner)) return { ok: false, failure: notOurs(owner) };
      const reply = await wallets.at(owner).run({ kind: "extend", id, extensions });
      if (!reply.ok) return { ok: false, failure: extendFailure(reply.failure) };
      if (reply.value.kind !== "extended") {
        throw new TypeError(`Cannot extend: expected an extension, got ${reply.value.kind}`);
      }
      const { ends, txDigest, costFrost, gasMist } = reply.value;
      await book().updateEnds(ends);
      return { ok: true, value: { ends, txDigest, costFrost, gasMist } };
    },
    updateEnds: (ends) => book().updateEnds(ends),
    async recordLeases(leases) {
      for (const lease of leases) await book().record(lease);
    },
    forgetLeases: (blobObjectIds) => book().forget(blobObjectIds),
    sweepOrphans: () => objects.sweepOrphans(),
    keepRenewalReport: (report) => book().keepReport(report),
    lastRenewalReport: () => book().lastReport(),
  };
}

function notOurs(owner: string): ExtendFailure {
  return { kind: "refused", cause: "not-ours", detail: `the gateway has no key of ${owner}` };
}

/** The wallet's failures as far as another Worker can decide on them. */
function extendFailure(failure: WalletFailure): ExtendFailure {
  if (failure.kind === "blob-unusable") {
    const { blobObjectId, reason } = failure;
    return { kind: "blob-unusable", blobObjectId, reason };
  }
  const detail = JSON.stringify(failure, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return { kind: isFinalFailure(failure) ? "refused" : "not-now", cause: failure.kind, detail };
}
