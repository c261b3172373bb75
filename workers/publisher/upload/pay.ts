/**
 * How an upload pays: which address it binds itself to, and its commands to that wallet.
 */
import { WALLET_ASK_DELAY_MS, WALLET_ASKS_MAX } from "../../../shared/limits.ts";
import type { Timer } from "../../../shared/ports.ts";
import { registrationCost } from "../../../shared/protocol/price.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import {
  isPassing,
  type WalletCommand,
  type WalletDone,
  type WalletRpc,
} from "../wallet/commands.ts";
import type { Need } from "../wallet/offer.ts";
import { chooseWallet, type Wallets } from "../wallet/wallets.ts";
import { walletFailure } from "./failure-of.ts";
import type { UploadFailure } from "./failure.ts";
import { commandId, type Journal, type StepResults } from "./journal.ts";

/** What paying needs of the world. */
export interface PayPorts {
  readonly timer: Timer;
  readonly wallets: Pick<Wallets, "addresses"> & {
    readonly at: (address: string) => Pick<WalletRpc, "run" | "offer">;
  };
}

/** Not a failure yet: the epoch changed under the certificate, or ended the registration. */
export interface NewGeneration {
  readonly kind: "new-generation";
  readonly registration?: "ended";
}

/** What the registration will need of the address that pays. */
function registrationNeed(
  journal: Journal,
  encodedBytes: number,
  { prices, epoch }: Pick<SystemState, "prices" | "epoch">,
): Need {
  const { epochs, reuseStorage = false } = journal.request;
  const { totalFrost: costFrost, writeFrost } = registrationCost(encodedBytes, epochs, prices);
  const space = { encodedBytes, epoch, endEpoch: epoch + epochs, writeFrost };
  return {
    id: commandId(journal, "register"),
    costFrost,
    ...(reuseStorage ? { space } : {}),
  };
}

/** The address a new upload binds itself to; waits a little where none can be used just now. */
export async function choosePayer(
  { wallets, timer }: PayPorts,
  journal: Journal,
  encodedBytes: number,
  system: Pick<SystemState, "prices" | "epoch">,
): Promise<Result<string, UploadFailure>> {
  const need = registrationNeed(journal, encodedBytes, system);
  for (let ask = 1; ; ask++) {
    const chosen = await chooseWallet(wallets, need);
    if (chosen.ok) return ok(chosen.value);
    if (ask >= WALLET_ASKS_MAX || !isPassing(chosen.failure)) {
      return err(walletFailure("register", chosen.failure));
    }
    await timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

/** Sends a command until it has a definite answer, or the wallet needs longer than we wait. */
export async function payStep(
  { wallets, timer }: PayPorts,
  { walletAddress }: Journal,
  step: "register" | "certify",
  command: WalletCommand,
): Promise<Result<WalletDone, UploadFailure | NewGeneration>> {
  if (walletAddress === null) throw new TypeError("Cannot pay: no address was chosen");
  for (let ask = 1; ; ask++) {
    const reply = await wallets.at(walletAddress).run(command);
    if (reply.ok) return reply;
    if (reply.failure.kind === "wrong-epoch") return err({ kind: "new-generation" });
    if (ask >= WALLET_ASKS_MAX || !isPassing(reply.failure)) {
      return err(walletFailure(step, reply.failure));
    }
    await timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

/** What the journal keeps of a registration. */
export function registeredResult(done: WalletDone): StepResults["register"] {
  if (done.kind !== "registered") throw new TypeError(`Cannot read ${done.kind} reply`);
  const { blob, costFrost, gasMist, txDigest, reusesStorage = false } = done;
  return {
    blobObjectId: blob.objectId,
    registeredEpoch: blob.registeredEpoch,
    storageObjectId: blob.storage.objectId,
    startEpoch: blob.storage.startEpoch,
    endEpoch: blob.storage.endEpoch,
    storageBytes: blob.storage.storageBytes,
    costFrost: costFrost.toString(),
    gasMist: gasMist.toString(),
    txDigest,
    ...(reusesStorage ? { reusesStorage } : {}),
  };
}

/**
 * What the journal keeps of a certification. The contract accepts a certificate in its own epoch
 * only, so that is when the blob was certified.
 */
export function certifiedResult(done: WalletDone, certifiedEpoch: number): StepResults["certify"] {
  if (done.kind !== "certified") throw new TypeError(`Cannot read ${done.kind} reply`);
  const { owner, sharedObjectId, gasMist, txDigest } = done;
  return {
    certifiedEpoch,
    owner,
    ...(sharedObjectId === undefined ? {} : { sharedObjectId }),
    gasMist: gasMist.toString(),
    txDigest,
  };
}
