/**
 * What the publisher offers the other Workers through their service binding `PUBLISHER`.
 *
 * Authorisation is the binding itself: nothing of this is reachable over HTTP. The surface is
 * declared in `shared/rpc/publisher.ts`, because Workers never import each other.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Lease, LeasePage, LeasePageQuery } from "../../shared/rpc/leases.ts";
import type { ExtendLeases, ExtendReply, PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import { createSigner } from "../../shared/sui/signer.ts";
import { GATE_NAME, type GateRpc } from "./gate/gate.ts";
import { LEASE_BOOK_NAME, type LeaseBookRpc } from "./lease-book/leases.ts";
import type { RecentDirectory } from "./recent/recent.ts";
import { createPublisherRpc } from "./rpc-surface.ts";
import type { WalletRpc } from "./wallet/commands.ts";
import type { WalletEnv } from "./wallet/object.ts";

/** Bindings this entrypoint reads. */
export interface PublisherRpcEnv extends WalletEnv {
  readonly WALLETS: DurableObjectNamespace;
  readonly LEASE_BOOKS: DurableObjectNamespace;
  readonly GATES: DurableObjectNamespace;
  readonly RECENTS: DurableObjectNamespace;
}

/** RPC methods must be on the prototype, so each one hands over to the surface. */
export class PublisherRpc extends WorkerEntrypoint<PublisherRpcEnv> implements PublisherRpcSurface {
  walletAddress(): Promise<string> {
    return this.#surface().walletAddress();
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
    const { WALLETS, LEASE_BOOKS, GATES, RECENTS, WALLET_SECRET_KEY } = this.env;
    return createPublisherRpc({
      walletAddress() {
        const signer = createSigner(WALLET_SECRET_KEY);
        if (signer.ok) return signer.value.address;
        throw new TypeError(`Cannot configure WALLET_SECRET_KEY: ${signer.failure.reason}`);
      },
      wallet: (address) => WALLETS.getByName(address) as unknown as WalletRpc,
      gate: () => GATES.getByName(GATE_NAME) as unknown as GateRpc,
      recents: () => RECENTS as unknown as RecentDirectory,
      book: () => LEASE_BOOKS.getByName(LEASE_BOOK_NAME) as unknown as LeaseBookRpc,
    });
  }
}
