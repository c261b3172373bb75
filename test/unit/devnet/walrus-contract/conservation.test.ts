import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SystemContext } from "../../../devnet/ledger/move.ts";
import { MoveAbort } from "../../../devnet/ledger/move.ts";
import { finishEpochChange, startEpochChange } from "../../../devnet/walrus-contract/operations.ts";
import type { TreasuryCap } from "../../../devnet/walrus-contract/functions/treasury.ts";
import type { Blob, Coin } from "../../../devnet/walrus-contract/values.ts";
import {
  BLOB_ID,
  call,
  confirmation,
  register,
  sign,
  startWorld,
  testNode,
  TREASURY,
  type World,
} from "./support.ts";
import { walInExistence } from "./supply.ts";

const RUNS = 12;

type Step =
  | { readonly kind: "reserve"; readonly bytes: bigint; readonly epochs: number }
  | { readonly kind: "share"; readonly funds: bigint; readonly epochs: number }
  | { readonly kind: "subsidy"; readonly amount: bigint; readonly epochs: number }
  | { readonly kind: "stake"; readonly amount: bigint; readonly node: number }
  | { readonly kind: "exchange"; readonly amount: bigint }
  | { readonly kind: "epoch"; readonly movedShare: number };

const amount = fc.bigInt({ min: 0n, max: 3_000_000_000n });
const epochs = fc.integer({ min: 0, max: 60 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("reserve" as const), bytes: fc.bigInt(0n, 300_000_000n), epochs }),
  fc.record({ kind: fc.constant("share" as const), funds: amount, epochs }),
  fc.record({ kind: fc.constant("subsidy" as const), amount, epochs }),
  fc.record({ kind: fc.constant("stake" as const), amount, node: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constant("exchange" as const), amount }),
  fc.record({
    kind: fc.constant("epoch" as const),
    movedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

describe("WAL", () => {
  test("is never made or lost: what exists is always the treasury's total supply", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const world = startWorld();
        for (const next of steps) {
          attempt(() => take(world, next));
          expect(walInExistence(world.ledger)).toBe(totalSupply(world));
        }
      }),
      { numRuns: RUNS },
    );
  });
});

/** A step may abort; then nothing has changed. */
function attempt(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof MoveAbort)) throw error;
  }
}

function take(world: World, next: Step): void {
  world.ledger.runSystem((context) => {
    const { deployment } = world;
    if (next.kind === "epoch") {
      startEpochChange(context, deployment, { movedShare: next.movedShare });
      finishEpochChange(context, deployment);
      return;
    }
    const system = context.mutateObject(deployment.systemId).value;
    const treasury = context.mutateObject(treasuryCoin(world)).value as Coin;
    const split = (value: bigint): Coin => {
      treasury.balance.value -= value;
      return { id: context.freshId(), balance: { value } };
    };
    run(context, world, next, system, treasury, split);
  });
}

function run(
  context: SystemContext,
  { deployment }: World,
  next: Exclude<Step, { kind: "epoch" }>,
  system: unknown,
  treasury: Coin,
  split: (value: bigint) => Coin,
): void {
  switch (next.kind) {
    case "reserve":
      call(context, "system::reserve_space", system, next.bytes, next.epochs, treasury);
      return;
    case "subsidy":
      call(context, "system::add_subsidy", system, split(next.amount), next.epochs);
      return;
    case "stake": {
      const staking = context.mutateObject(deployment.stakingId).value;
      const nodeId = testNode(next.node).nodeId;
      const [staked] = call(
        context,
        "staking::stake_with_pool",
        staking,
        split(next.amount),
        nodeId,
      );
      const type = `${deployment.addresses.walrusOriginal}::staked_wal::StakedWal`;
      context.transfer(type, staked, TREASURY);
      return;
    }
    case "exchange": {
      const exchange = context.mutateObject(deployment.exchangeId).value;
      const sui = { id: context.freshId(), balance: { value: next.amount } };
      const [wal] = call(context, "wal_exchange::exchange_all_for_wal", exchange, sui);
      context.transfer(`0x2::coin::Coin<${deployment.walType}>`, wal, TREASURY);
      return;
    }
    case "share": {
      const blob = certifiedBlob(context, system, treasury);
      call(context, "system::extend_blob", system, blob, next.epochs, treasury);
      call(context, "shared_blob::new_funded", blob, split(next.funds));
      return;
    }
  }
}

/** A certified blob that the treasury paid for. */
function certifiedBlob(context: SystemContext, system: unknown, treasury: Coin): Blob {
  const blob = register(context, system, {}, treasury);
  const message = confirmation(BLOB_ID, blob.registered_epoch);
  call(context, "system::certify_blob", system, blob, ...sign(message));
  return blob;
}

function totalSupply(world: World): bigint {
  const keyType = `${world.deployment.addresses.wal}::wal::TreasuryCapKey`;
  const found: bigint[] = [];
  world.ledger.runSystem((context) => {
    const cap = context.readObjectField(world.deployment.treasuryId, keyType, {});
    found.push((cap.value as TreasuryCap).total_supply.value);
  });
  return found[0] ?? 0n;
}

function treasuryCoin(world: World): string {
  const coins = world.ledger.view.ownedBy(TREASURY);
  const largest = coins.find(({ type, id }) => {
    if (!type.includes("::coin::Coin<")) return false;
    const value = world.ledger.objectValue(id)?.value as Coin;
    return value.balance.value > 10n ** 18n;
  });
  if (largest === undefined) throw new TypeError("Cannot find the treasury's coin");
  return largest.id;
}
