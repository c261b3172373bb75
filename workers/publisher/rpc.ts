/**
 * What the publisher offers the other Workers through their service binding `PUBLISHER`.
 *
 * Authorisation is the binding itself: nothing of this is reachable over HTTP. The surface is
 * declared in `shared/rpc/publisher.ts`, because Workers never import each other.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Lease, LeaseEnd, LeasePage, LeasePageQuery } from "../../shared/rpc/leases.ts";
import type { OrphanSweep } from "../../shared/rpc/orphans.ts";
import { platformPermit } from "../../shared/nodes/permit.ts";
import { createNodeClient } from "../../shared/nodes/client.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemTimer } from "../../shared/system.ts";
import type { ExtendLeases, ExtendReply, PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import { GATE_NAME, type GateRpc } from "./gate/gate.ts";
import { LEASE_BOOK_NAME, type LeaseBookRpc } from "./lease-book/leases.ts";
import type { RecentDirectory } from "./recent/recent.ts";
import { createPublisherRpc } from "./rpc-surface.ts";
import { publisherConfig, type PublisherVars } from "./config.ts";
import { lateCertificate } from "./orphans/late-certificate.ts";
import { sweepOrphans, type SweepPorts } from "./orphans/sweep.ts";
import { walletDirectory, type Wallets } from "./wallet/wallets.ts";

/** Bindings this entrypoint reads. */
export interface PublisherRpcEnv extends PublisherVars {
  readonly WALLETS: DurableObjectNamespace;
  readonly LEASE_BOOKS: DurableObjectNamespace;
  readonly GATES: DurableObjectNamespace;
  readonly RECENTS: DurableObjectNamespace;
}

/** RPC methods must be on the prototype, so each one hands over to the surface. */
export class PublisherRpc extends WorkerEntrypoint<PublisherRpcEnv> implements PublisherRpcSurface {
  walletAddresses(): Promise<readonly string[]> {
    return this.#surface().walletAddresses();
  }

  leasesEnding(endEpochMax: number, query: LeasePageQuery = {}): Promise<LeasePage> {
    return this.#surface().leasesEnding(endEpochMax, query);
  }

  leasesOfBlob(blobId: string): Promise<readonly Lease[]> {
    return this.#surface().leasesOfBlob(blobId);
  }

  wasCertifiedLately(blobId: string): Promise<boolean> {
    return this.#surface().wasCertifiedLately(blobId);
  }

  gateRules(knownVersion: number | null): Promise<string | null> {
    return this.#surface().gateRules(knownVersion);
  }

  extendLeases(request: ExtendLeases): Promise<ExtendReply> {
    return this.#surface().extendLeases(request);
  }

  updateEnds(ends: readonly LeaseEnd[]): Promise<void> {
    return this.#surface().updateEnds(ends);
  }

  recordLeases(leases: readonly Lease[]): Promise<void> {
    return this.#surface().recordLeases(leases);
  }

  forgetLeases(blobObjectIds: readonly string[]): Promise<void> {
    return this.#surface().forgetLeases(blobObjectIds);
  }

  sweepOrphans(): Promise<OrphanSweep> {
    return this.#surface().sweepOrphans();
  }

  keepRenewalReport(report: string): Promise<void> {
    return this.#surface().keepRenewalReport(report);
  }

  lastRenewalReport(): Promise<string | null> {
    return this.#surface().lastRenewalReport();
  }

  #sweepPorts(wallets: Wallets): SweepPorts {
    const permit = platformPermit();
    const timer = systemTimer;
    const { network, orphanSweepAfterMs } = publisherConfig(this.env);
    const client = createNodeClient({ permit, timer, lane: "status" });
    return {
      book: this.env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME) as unknown as SweepPorts["book"],
      chain: createChain({
        ...network,
        fetch: permit.fetch,
        clock: systemClock,
        timer,
      }),
      run: (owner, command) => (wallets.isOurs(owner) ? wallets.at(owner).run(command) : null),
      certificate: (committee, blobId) => lateCertificate({ client, timer }, committee, blobId),
      sweepAfterMs: orphanSweepAfterMs,
      clock: systemClock,
      log: consoleLog("publisher"),
    };
  }

  #surface(): PublisherRpcSurface {
    const { WALLETS, LEASE_BOOKS, GATES, RECENTS } = this.env;
    const { walletAddresses, walletKeys } = publisherConfig(this.env);
    const wallets = walletDirectory(WALLETS, walletAddresses, walletKeys);
    return createPublisherRpc({
      wallets,
      sweepOrphans: () => sweepOrphans(this.#sweepPorts(wallets)),
      gate: () => GATES.getByName(GATE_NAME) as unknown as GateRpc,
      recents: () => RECENTS as unknown as RecentDirectory,
      book: () => LEASE_BOOKS.getByName(LEASE_BOOK_NAME) as unknown as LeaseBookRpc,
    });
  }
}
