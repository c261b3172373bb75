import { describe, expect, test } from "vitest";
import { EXCHANGE_BODIES } from "../../../devnet/walrus-contract/functions/wal.ts";
import type { Coin, Exchange } from "../../../devnet/walrus-contract/values.ts";
import type { SystemContext } from "../../../devnet/ledger/move.ts";
import { abortOf, call, callOne, coin, run, startWorld } from "./support.ts";

/** The exchange of the Move tests: 4 WAL for 2 SUI. */
function exchange(amount = 1_000_000n): Exchange {
  return {
    id: "0x1",
    wal: { value: amount },
    sui: { value: amount },
    rate: { wal: 4n, sui: 2n },
    admin: "0x2",
  };
}

const swap = (context: SystemContext, name: string, ...values: unknown[]): Coin =>
  callOne(context, `wal_exchange::${name}`, ...values) as Coin;

describe("wal_exchange.move", () => {
  test("exchanges both ways at its rate (test_standard_flow)", () => {
    const { result } = run(startWorld(), (context) => {
      const shared = exchange();
      const wal = swap(context, "exchange_all_for_wal", shared, coin(context, 42n));
      const walFirst = wal.balance.value;
      const middle = [shared.sui.value, shared.wal.value];
      const sui = swap(context, "exchange_for_sui", shared, wal, 9n);
      const suiFirst = sui.balance.value;
      const more = swap(context, "exchange_for_wal", shared, sui, 2n);
      const all = swap(context, "exchange_all_for_sui", shared, coin(context, 10n));
      const amounts = [wal, sui, more, all].map(({ balance }) => balance.value);
      return { walFirst, middle, suiFirst, amounts };
    });
    expect(result.walFirst).toBe(84n);
    expect(result.middle).toEqual([1_000_042n, 999_916n]);
    expect(result.suiFirst).toBe(4n);
    expect(result.amounts).toEqual([75n, 2n, 4n, 5n]);
  });

  test.each([["exchange_all_for_wal"], ["exchange_all_for_sui"]])(
    "EInsufficientFundsInExchange: %s of more than there is",
    (name) => {
      const abort = abortOf(startWorld(), (context) => {
        call(context, `wal_exchange::${name}`, exchange(0n), coin(context, 10n));
      });
      expect(abort).toBe("wal_exchange::EInsufficientFundsInExchange (0)");
    },
  );

  test.each([["exchange_for_wal"], ["exchange_for_sui"]])(
    "EInsufficientInputBalance: %s of more than the coin has",
    (name) => {
      const abort = abortOf(startWorld(), (context) => {
        call(context, `wal_exchange::${name}`, exchange(), coin(context, 1n), 2n);
      });
      expect(abort).toBe("wal_exchange::EInsufficientInputBalance (1)");
    },
  );

  test("serves the four exchanges", () => {
    expect(Object.keys(EXCHANGE_BODIES)).toHaveLength(4);
  });
});

describe("wal.move", () => {
  test("burning lowers the total supply", () => {
    const world = startWorld();
    const { result } = run(world, (context) => {
      const treasury = context.mutateObject(world.deployment.treasuryId).value;
      const before = callOne(context, "wal::total_supply", treasury) as bigint;
      call(context, "wal::burn", treasury, coin(context, 1_000n));
      return before - (callOne(context, "wal::total_supply", treasury) as bigint);
    });
    expect(result).toBe(1_000n);
  });
});
