/**
 * Drafts the refill of the gateway's other addresses from its main one.
 *
 * Whoever is low is seen by what the chain says now, so a refill asked for twice sends once. The main
 * address keeps what makes an address low: it is no help to empty it for the others.
 */
import { GAS_BUDGET_BASE_MIST, GAS_BUDGET_PER_BLOB_MIST } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ChainFailure } from "../../../shared/sui/chain.ts";
import type { RefillCommand, Transfer } from "./commands.ts";
import { answered, chainFailure, type DraftContext, type Drafted, walCoins } from "./draft.ts";
import { type Holdings, readHoldings } from "./funds.ts";

export async function draftRefill({ id }: RefillCommand, context: DraftContext): Promise<Drafted> {
  const { address, refill } = context;
  if (refill === null) {
    return err({ kind: "invalid-command", detail: `${address} is not the main address` });
  }
  const held = await readAll(context, [address, ...refill.addresses]);
  if (!held.ok) return chainFailure(held.failure);
  const [own, ...others] = held.value;
  const low = refill.addresses.flatMap((other, index) => {
    const { frost = 0n, mist = 0n } = others[index] ?? {};
    const transfer = {
      address: other,
      frost: frost < refill.below.frost ? refill.amount.frost : 0n,
      mist: mist < refill.below.mist ? refill.amount.mist : 0n,
    };
    return transfer.frost > 0n || transfer.mist > 0n ? [transfer] : [];
  });
  const transfers = affordable(low, own ?? { frost: 0n, mist: 0n }, refill.below);
  if (transfers.length === 0) {
    const nothing = { txDigest: null, costFrost: 0n, gasMist: 0n };
    return answered(id, { kind: "refilled", transfers, ...nothing });
  }
  const frost = transfers.reduce((sum, each) => sum + each.frost, 0n);
  const coins = frost > 0n ? await walCoins(context, frost) : ok([]);
  if (!coins.ok) return coins;
  const draft = {
    step: { kind: "refill", walCoins: coins.value, transfers },
    inputs: coins.value,
    members: [{ id, costFrost: 0n, outcome: { kind: "refilled", transfers } }],
    gasMist: BigInt(transfers.length) * GAS_BUDGET_PER_BLOB_MIST,
    reserveMist: transfers.reduce((sum, { mist }) => sum + mist, 0n),
  } as const;
  return ok({ answers: new Map(), draft });
}

async function readAll(
  { chain }: Pick<DraftContext, "chain">,
  addresses: readonly string[],
): Promise<Result<readonly Holdings[], ChainFailure>> {
  const all: Holdings[] = [];
  for (const address of addresses) {
    const read = await readHoldings(chain, address);
    if (!read.ok) return read;
    all.push(read.value);
  }
  return ok(all);
}

/** As many of the transfers, in order, as leave the main address above `keep` in both coins. */
function affordable(low: readonly Transfer[], own: Holdings, keep: Holdings): readonly Transfer[] {
  let { frost, mist } = own;
  mist -= GAS_BUDGET_BASE_MIST;
  return low.filter((transfer) => {
    const left = {
      frost: frost - transfer.frost,
      mist: mist - transfer.mist - GAS_BUDGET_PER_BLOB_MIST,
    };
    const isAffordable =
      (transfer.frost === 0n || left.frost >= keep.frost) && left.mist >= keep.mist;
    if (isAffordable) ({ frost, mist } = left);
    return isAffordable;
  });
}
