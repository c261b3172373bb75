/** One command to the wallet of an address, and its refusals in the words of the objects' routes. */
import { WALLET_ASK_DELAY_MS, WALLET_ASKS_MAX } from "../../../shared/limits.ts";
import { err, type Result } from "../../../shared/result.ts";
import type { AppContext } from "../context.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import { walletFailure } from "../upload/failure-of.ts";
import {
  isFinalFailure,
  type WalletCommand,
  type WalletDone,
  type WalletFailure,
} from "../wallet/commands.ts";
import type { ObjectRefused } from "./object-problem.ts";

/** Sends it until it has a definite answer, or the wallet needs longer than we wait. */
export async function askWallet(
  { wallets, timer }: AppContext,
  address: string,
  command: WalletCommand,
): Promise<Result<WalletDone, PublisherFailure>> {
  for (let ask = 1; ; ask++) {
    const reply = await wallets.at(address).run(command);
    if (reply.ok) return reply;
    const { failure } = reply;
    const waits = failure.kind === "fate-unknown" || failure.kind === "wallet-busy";
    if (ask >= WALLET_ASKS_MAX || isFinalFailure(failure) || !waits) {
      return err(objectFailure(command, failure));
    }
    await timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

function objectFailure(command: WalletCommand, failure: WalletFailure): PublisherFailure {
  if (failure.kind === "id-reused") return { kind: "idempotency-mismatch" };
  if (failure.kind !== "blob-unusable") return walletFailure(command.kind, failure);
  switch (failure.reason) {
    case "expired":
      return refused("object-expired");
    case "not-certified":
      return refused("object-not-certified");
    // It has just been looked at, so somebody has taken it away in between.
    case "not-found":
    case "not-owned":
    case "not-a-blob":
    case "not-shared":
    case "not-deletable":
      return refused("object-unknown");
  }
}

function refused(
  kind: "object-expired" | "object-not-certified" | "object-unknown",
): ObjectRefused {
  return { kind: "object-refused", refusal: { kind } };
}
