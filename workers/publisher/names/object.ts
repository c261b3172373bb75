/**
 * `Names`: the Durable Object of one bucket of names: their index and history, and the changes on
 * their way to the chain. This file composes the ports; see `engine.ts`.
 */
import { DurableObject } from "cloudflare:workers";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import type { Result } from "../../../shared/result.ts";
import { createAttributedBlobs } from "../../../shared/sui/attributed-blob.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import { walletDirectory } from "../wallet/wallets.ts";
import { openAnchor } from "./anchor.ts";
import { NamesEngine } from "./engine.ts";
import type {
  NameChange,
  NameFailure,
  NameListQuery,
  NameRecord,
  NamesRpc,
  NameVersions,
} from "./names.ts";
import { createNameRows } from "./rows.ts";

const log = consoleLog("publisher");

export class Names extends DurableObject<PublisherEnv> implements NamesRpc {
  readonly #engine: NamesEngine;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, env);
    const { name: bucket } = ctx.id;
    if (bucket === undefined) throw new TypeError("Cannot open names: the object has no name");
    this.#engine = new NamesEngine({
      bucket,
      rows: createNameRows(ctx.storage.sql),
      clock: systemClock,
      timer: systemTimer,
      log,
      wallet: (address) => this.#wallets().at(address),
      openAnchor: (seq) =>
        openAnchor({ uploads: env.UPLOADS, chain: this.#chain(), log }, bucket, seq),
      readAnchor: (objectId) => this.#attributedBlobs()(objectId),
      wakeAt: (atMs) => ctx.storage.setAlarm(atMs),
      sync: () => ctx.storage.sync(),
    });
  }

  change(change: NameChange): Promise<Result<NameRecord, NameFailure>> {
    return this.#engine.change(change);
  }

  resolve(key: string): Promise<NameRecord | null> {
    return this.#engine.resolve(key);
  }

  versions(key: string, before: number | null): Promise<NameVersions | null> {
    return this.#engine.versions(key, before);
  }

  list(query: NameListQuery): Promise<readonly NameRecord[]> {
    return this.#engine.list(query);
  }

  override alarm(): Promise<void> {
    return this.#engine.alarm();
  }

  #wallets() {
    const { walletAddresses, walletKeys } = publisherConfig(this.env);
    return walletDirectory(this.env.WALLETS, walletAddresses, walletKeys);
  }

  #chain() {
    const { network } = publisherConfig(this.env);
    const { fetch } = platformPermit();
    return createChain({ ...network, fetch, clock: systemClock, timer: systemTimer });
  }

  #attributedBlobs() {
    const { suiRpcUrl } = publisherConfig(this.env).network;
    const { fetch } = platformPermit();
    return createAttributedBlobs({ suiRpcUrl, fetch, timer: systemTimer });
  }
}
