/**
 * When a wallet asks for a refill: a further address when it runs low, the main one now and then by
 * itself, so that the others have money before they are needed. At most one wish in a while.
 */
import { REFILL_PAUSE_MS } from "../../../shared/limits.ts";
import type { Clock, Log } from "../../../shared/ports.ts";
import type { Signer } from "../../../shared/sui/signer.ts";
import type { MainWalletRpc, WalletCommand, WalletReply } from "./commands.ts";
import type { Refill } from "./draft.ts";
import type { Holdings } from "./funds.ts";

/** What wishing needs. */
export interface RefillPorts {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Log;
  /** When an address is low, and whom the main wallet refills then. */
  readonly refill?: Refill | undefined;
  readonly main?: Pick<MainWalletRpc, "run"> | undefined;
}

/** The wishes of one wallet. */
export class RefillWish {
  readonly #ports: RefillPorts;
  readonly #runHere: (command: WalletCommand) => Promise<WalletReply>;
  #wishedAtMs = -Infinity;

  constructor(ports: RefillPorts, runHere: (command: WalletCommand) => Promise<WalletReply>) {
    this.#ports = ports;
    this.#runHere = runHere;
  }

  /** A further address asks the main wallet where it holds too little. */
  whenLow(held: Holdings | null): void {
    const { main, refill } = this.#ports;
    if (main === undefined || refill === undefined || held === null) return;
    if (held.frost >= refill.below.frost && held.mist >= refill.below.mist) return;
    this.#ask((command) => main.run(command));
  }

  /** The main wallet looks at the others when it has done what it was asked for. */
  afterWork(): void {
    const { main, refill } = this.#ports;
    if (main === undefined && refill !== undefined && refill.addresses.length > 0) {
      this.#ask(this.#runHere);
    }
  }

  /** What becomes of it is the main wallet's matter. */
  #ask(run: (command: WalletCommand) => Promise<WalletReply>): void {
    const { clock, signer, log } = this.#ports;
    const nowMs = clock.nowMs();
    if (nowMs - this.#wishedAtMs < REFILL_PAUSE_MS) return;
    this.#wishedAtMs = nowMs;
    run({ kind: "refill", id: `refill/${signer.address}/${nowMs}` }).then(
      (reply) => {
        if (!reply.ok) log.warn({ event: "wallet.not-refilled", failure: reply.failure.kind });
      },
      (error: unknown) => log.warn({ event: "wallet.not-refilled", error: String(error) }),
    );
  }
}
