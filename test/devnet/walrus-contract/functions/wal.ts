/** Bodies of `wal.move` and `wal_exchange.move`. */
import type { MoveCall } from "../../ledger/move.ts";
import { at, ensure, u64 } from "../rules/abort.ts";
import { joinBalance, splitBalance } from "../rules/balance.ts";
import type { Coin, Exchange, FieldParent } from "../values.ts";
import { argument } from "../values.ts";
import { type Bodies, NOTHING } from "./bodies.ts";
import { burnWal, treasuryCap } from "./treasury.ts";

/** Bodies of `wal.move`. */
export function walBodies(walPackage: string): Bodies {
  return {
    "wal::total_supply": (call) => {
      const treasury = argument(call, 0) as FieldParent;
      return [treasuryCap(call.context, treasury, walPackage, "read").total_supply.value];
    },
    "wal::burn": (call) => {
      const coin = argument(call, 1) as Coin;
      call.context.deleteId(coin.id);
      burnWal(call.context, argument(call, 0) as FieldParent, walPackage, coin.balance);
      return NOTHING;
    },
  };
}

/** Bodies of `wal_exchange.move`. */
export const EXCHANGE_BODIES: Bodies = {
  "wal_exchange::exchange_all_for_wal": (call) => [forWal(call, wholeCoin(call))],
  "wal_exchange::exchange_for_wal": (call) => [forWal(call, partOfCoin(call, "exchange_for_wal"))],
  "wal_exchange::exchange_all_for_sui": (call) => [forSui(call, wholeCoin(call))],
  "wal_exchange::exchange_for_sui": (call) => [forSui(call, partOfCoin(call, "exchange_for_sui"))],
};

/** The coin given by value: it ends here. */
function wholeCoin(call: MoveCall): Coin {
  const coin = argument(call, 1) as Coin;
  call.context.deleteId(coin.id);
  return coin;
}

/** The amount asked for, split off the coin given by reference. */
function partOfCoin(call: MoveCall, functionName: string): Coin {
  const [coin, amount] = [argument(call, 1) as Coin, argument(call, 2) as bigint];
  const place = at("wal_exchange", functionName);
  ensure(coin.balance.value >= amount, place, "EInsufficientInputBalance");
  return { id: coin.id, balance: splitBalance(coin.balance, amount) };
}

function forWal(call: MoveCall, given: Coin): Coin {
  const exchange = argument(call, 0) as Exchange;
  const amount = u64(u64(given.balance.value * exchange.rate.wal) / exchange.rate.sui);
  const place = at("wal_exchange", "exchange_all_for_wal");
  ensure(exchange.wal.value >= amount, place, "EInsufficientFundsInExchange");
  joinBalance(exchange.sui, given.balance);
  return { id: call.context.freshId(), balance: splitBalance(exchange.wal, amount) };
}

function forSui(call: MoveCall, given: Coin): Coin {
  const exchange = argument(call, 0) as Exchange;
  const amount = u64(u64(given.balance.value * exchange.rate.sui) / exchange.rate.wal);
  const place = at("wal_exchange", "exchange_all_for_sui");
  ensure(exchange.sui.value >= amount, place, "EInsufficientFundsInExchange");
  joinBalance(exchange.wal, given.balance);
  return { id: call.context.freshId(), balance: splitBalance(exchange.sui, amount) };
}
