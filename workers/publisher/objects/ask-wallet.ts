/** One command to the wallet of an address, and its refusals in the words of the objects' routes. */
import { WALLET_ASK_DELAY_MS, WALLET_ASKS_MAX } from "../../../shared/limits.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem, type PublisherFailure } from "../failure-to-problem.ts";
import type { Carried, ChangeAnswer } from "../keyed/change-once.ts";
import { walletFailure } from "../upload/failure-of.ts";
import {
  isFinalFailure,
  isPassing,
  type WalletCommand,
  type WalletDone,
  type WalletFailure,
  type WalletReply,
} from "../wallet/commands.ts";
import { mayBeUnseen, UNSEEN } from "./find-object.ts";
import { objectProblem, type ObjectRefused } from "./object-problem.ts";

/** A change that is one command to the wallet. */
export interface WalletWish {
  /** The wallet's address. */
  readonly payer: string;
  readonly command: Exclude<WalletCommand, { readonly kind: "register" | "certify" }>;
  /** Whether it was asked for one version of the object and no other. */
  readonly isConditional: boolean;
}

/**
 * Has the wallet do it, and phrases the answer once it is done.
 *
 * @param known When we wrote down the object, where a node that is behind may not have seen it.
 */
export async function carryOutByWallet(
  { payer, command, isConditional }: WalletWish,
  context: AppContext,
  answer: (done: WalletDone) => Promise<ChangeAnswer>,
  known?: Pick<Lease, "recordedAtMs">,
): Promise<Carried> {
  const reply = await askWallet(context, payer, command);
  if (reply.ok) return { kind: "done", answer: await answer(reply.value) };
  const { failure } = reply;
  if (failure.kind === "object-moved") {
    const { version } = failure;
    return isConditional
      ? { kind: "refused", problem: objectProblem({ kind: "object-changed", version }) }
      : { kind: "moved" };
  }
  const isUnseen = isAsUnseen(failure) && known !== undefined && mayBeUnseen(known, context);
  const problem = failureToProblem(isUnseen ? UNSEEN : objectFailure(command, failure));
  return { kind: isFinalFailure(failure) ? "refused" : "open", problem };
}

/** Sends it until it has a definite answer, or the wallet needs longer than we wait. */
async function askWallet(
  { wallets, timer }: AppContext,
  address: string,
  command: WalletCommand,
): Promise<WalletReply> {
  for (let ask = 1; ; ask++) {
    const reply = await wallets.at(address).run(command);
    if (reply.ok) return reply;
    // An RPC node that is behind has not seen the version that is pinned.
    if (!isPassing(reply.failure) || ask >= WALLET_ASKS_MAX) return reply;
    await timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

/** What the wallet says of an object that its RPC node has not seen, or not seen certified. */
function isAsUnseen(failure: WalletFailure): boolean {
  return (
    failure.kind === "blob-unusable" &&
    (failure.reason === "not-found" || failure.reason === "not-certified")
  );
}

function objectFailure(command: WalletCommand, failure: WalletFailure): PublisherFailure {
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
