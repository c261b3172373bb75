/**
 * What the publisher offers the other Workers through their service binding `PUBLISHER`.
 *
 * Authorisation is the binding itself: nothing of this is reachable over HTTP. The surface is
 * declared in `shared/rpc/publisher.ts`, because Workers never import each other.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Lease, LeasePage, LeasePageQuery } from "../../shared/rpc/leases.ts";
import type { ExtendLeases, ExtendReply, PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import { GATE_NAME, type GateRpc } from "./gate/gate.ts";
import { LEASE_BOOK_NAME, type LeaseBookRpc } from "./lease-book/leases.ts";
import type { RecentDirectory } from "./recent/recent.ts";
import { createPublisherRpc } from "./rpc-surface.ts";
import { publisherConfig, type PublisherVars } from "./config.ts";
import { walletDirectory } from "./wallet/wallets.ts";

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

  updateEnds(
    ends: readonly { readonly blobObjectId: string; readonly endEpoch: number }[],
  ): Promise<void> {
    return this.#surface().updateEnds(ends);
  }

  recordLeases(leases: readonly Lease[]): Promise<void> {
    return this.#surface().recordLeases(leases);
  }

  forgetLeases(blobObjectIds: readonly string[]): Promise<void> {
    return this.#surface().forgetLeases(blobObjectIds);
  }

  keepRenewalReport(report: string): Promise<void> {
    return this.#surface().keepRenewalReport(report);
  }

  lastRenewalReport(): Promise<string | null> {
    return this.#surface().lastRenewalReport();
  }

  #surface(): PublisherRpcSurface {
    const { WALLETS, LEASE_BOOKS, GATES, RECENTS } = this.env;
    const { walletAddresses, walletKeys } = publisherConfig(this.env);
    return createPublisherRpc({
      wallets: walletDirectory(WALLETS, walletAddresses, walletKeys),
      gate: () => GATES.getByName(GATE_NAME) as unknown as GateRpc,
      recents: () => RECENTS as unknown as RecentDirectory,
      book: () => LEASE_BOOKS.getByName(LEASE_BOOK_NAME) as unknown as LeaseBookRpc,
    });
  }
}
