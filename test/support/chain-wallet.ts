/** A wallet engine over a chain world: real journal, ledger and contract, and time that tests decide. */
import {
  createWallet,
  type WalletEngine,
  type WalletPorts,
} from "../../workers/publisher/wallet/engine.ts";
import { createJournalStore } from "../../workers/publisher/wallet/journal-store.ts";
import { type ChainWorld, GENEROUS, memoryLog, neverWakes, sleepingClock } from "./chain-world.ts";
import { memorySql } from "./memory-sql.ts";

/**
 * The engine of the world's own address, with a journal of its own and no caps.
 *
 * @param ports What a test wants otherwise.
 */
export function chainWallet(
  world: Pick<ChainWorld, "chain" | "signer">,
  ports: Partial<WalletPorts> = {},
): WalletEngine {
  const clock = sleepingClock();
  return createWallet({
    journal: createJournalStore(memorySql(), clock, async () => undefined),
    chain: world.chain,
    signer: world.signer,
    clock,
    timer: clock,
    log: memoryLog(),
    treasury: GENEROUS,
    wakeAt: neverWakes,
    ...ports,
  });
}
