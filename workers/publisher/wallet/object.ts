/**
 * The Durable Object of one signing address: the wallet engine over SQLite, the chain and an alarm.
 *
 * The name of the object is the address; it refuses to work for any other key than its own. The one
 * of the main address keeps the treasury of all and refills the others.
 */
import { WALLET_GRANTS_KEPT_MS } from "../../../shared/limits.ts";
import { DurableObject } from "cloudflare:workers";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { configuredNetwork, type NetworkVars } from "../../../shared/protocol/networks.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemTimer } from "../../../shared/system.ts";
import type { MainWalletRpc, WalletCommand, WalletReply, WalletStatus } from "./commands.ts";
import { createWallet, type WalletEngine } from "./engine.ts";
import { createJournalStore } from "./journal-store.ts";
import { walletKeys } from "./keys.ts";
import type { Need, Offer } from "./offer.ts";
import { walletSettings, type WalletVars } from "./settings.ts";
import { type Allowance, createTreasury, type KeptTreasury, type Treasury } from "./treasury.ts";

/** Variables, secrets and bindings a wallet reads. */
export interface WalletEnv extends NetworkVars, WalletVars {
  /** `suiprivkey…` of the main address. */
  readonly WALLET_SECRET_KEY: string;
  /** The other wallets: their names are how this one knows its own address. */
  readonly WALLETS: DurableObjectNamespace;
}

/** One wallet. See `WalletRpc` and, for the main one, `MainWalletRpc` for the surface. */
export class Wallet extends DurableObject<WalletEnv> implements MainWalletRpc {
  readonly #engine: WalletEngine;
  readonly #kept: KeptTreasury | null;

  constructor(ctx: DurableObjectState, env: WalletEnv) {
    super(ctx, env);
    const { WALLETS } = env;
    const keys = walletKeys(env.WALLET_SECRET_KEY);
    if (!keys.ok) {
      throw new TypeError(`Cannot configure WALLET_SECRET_KEY: ${keys.failure.reason}`);
    }
    const { settings, problems } = walletSettings(env);
    if (problems.length > 0) throw new TypeError(`Cannot configure wallet: ${problems.join("; ")}`);
    const signer = keys.value.find((address) => WALLETS.idFromName(address).equals(ctx.id));
    if (signer === null)
      throw new TypeError("Cannot open wallet: its name is none of our addresses");
    const mainAddress = keys.value.signer(0).address;
    const { caps, refill, batchMax, addressCount } = settings;
    const isMain = signer.address === mainAddress;
    this.#kept = isMain ? createTreasury(ctx.storage.sql, caps) : null;
    const main = () => WALLETS.getByName(mainAddress) as unknown as MainWalletRpc;
    const others = Array.from(
      { length: addressCount - 1 },
      (_, index) => keys.value.signer(index + 1).address,
    );
    this.#engine = createWallet({
      batchMax,
      journal: createJournalStore(ctx.storage.sql, systemClock, () => ctx.storage.sync()),
      treasury: this.#kept ?? treasuryOf(main),
      ...(isMain ? {} : { main: { run: (command: WalletCommand) => main().run(command) } }),
      refill: { ...refill, addresses: isMain ? others : [] },
      chain: createChain({
        ...configuredNetwork(env),
        fetch: platformPermit().fetch,
        clock: systemClock,
        timer: systemTimer,
      }),
      signer,
      clock: systemClock,
      timer: systemTimer,
      log: consoleLog("publisher"),
      wakeAt: (atMs) => ctx.storage.setAlarm(atMs),
    });
  }

  async run(command: WalletCommand): Promise<WalletReply> {
    return this.#engine.run(command);
  }

  async offer(need: Need): Promise<Offer> {
    return this.#engine.offer(need);
  }

  async status(): Promise<WalletStatus> {
    return this.#engine.status();
  }

  allowance(ledgerMs: number): Promise<Allowance> {
    return this.#treasury().allowance(ledgerMs);
  }

  grant(digest: string, costFrost: bigint, ledgerMs: number): Promise<boolean> {
    return this.#treasury().grant(digest, costFrost, ledgerMs);
  }

  giveBack(digest: string): Promise<void> {
    return this.#treasury().giveBack(digest);
  }

  override alarm(): Promise<void> {
    this.#kept?.collect(systemClock.nowMs() - WALLET_GRANTS_KEPT_MS);
    return this.#engine.alarm();
  }

  #treasury(): Treasury {
    if (this.#kept === null) throw new TypeError("Cannot grant: this is not the main wallet");
    return this.#kept;
  }
}

/** The treasury in the main wallet; a stub is made for each call. */
function treasuryOf(main: () => MainWalletRpc): Treasury {
  return {
    allowance: (ledgerMs) => main().allowance(ledgerMs),
    grant: (digest, costFrost, ledgerMs) => main().grant(digest, costFrost, ledgerMs),
    giveBack: (digest) => main().giveBack(digest),
  };
}
