/**
 * The Durable Object of one signing address: the wallet engine over SQLite, the chain and an alarm.
 *
 * The name of the object is the address; it refuses to work for any other key than its own.
 */
import { DurableObject } from "cloudflare:workers";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { configuredNetwork, type NetworkVars } from "../../../shared/protocol/networks.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { createSigner } from "../../../shared/sui/signer.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import type { WalletCommand, WalletReply, WalletRpc, WalletStatus } from "./commands.ts";
import { createWallet, type WalletEngine } from "./engine.ts";
import { createJournalStore } from "./journal-store.ts";
import { walletSettings, type WalletVars } from "./settings.ts";

/** Variables and secrets a wallet reads. */
export interface WalletEnv extends NetworkVars, WalletVars {
  /** `suiprivkey…` of the signing address. */
  readonly WALLET_SECRET_KEY: string;
}

/** One wallet. See `WalletRpc` for the surface. */
export class Wallet extends DurableObject<WalletEnv> implements WalletRpc {
  readonly #engine: WalletEngine;

  constructor(ctx: DurableObjectState, env: WalletEnv) {
    super(ctx, env);
    const signer = createSigner(env.WALLET_SECRET_KEY);
    if (!signer.ok) {
      throw new TypeError(`Cannot configure WALLET_SECRET_KEY: ${signer.failure.reason}`);
    }
    const { settings, problems } = walletSettings(env);
    if (problems.length > 0) throw new TypeError(`Cannot configure wallet: ${problems.join("; ")}`);
    this.#engine = createWallet({
      ...settings,
      journal: createJournalStore(ctx.storage.sql, systemClock, () => ctx.storage.sync()),
      chain: createChain({
        ...configuredNetwork(env),
        fetch: platformPermit().fetch,
        clock: systemClock,
        timer: systemTimer,
      }),
      signer: signer.value,
      clock: systemClock,
      timer: systemTimer,
      log: consoleLog("publisher"),
      wakeAt: (atMs) => ctx.storage.setAlarm(atMs),
    });
  }

  async run(command: WalletCommand): Promise<WalletReply> {
    return this.#engine.run(command);
  }

  async status(): Promise<WalletStatus> {
    return this.#engine.status();
  }

  override alarm(): Promise<void> {
    return this.#engine.alarm();
  }
}
