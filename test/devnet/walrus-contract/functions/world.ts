/** Ties the epoch rules to a running context. */
import type { MoveContext } from "../../ledger/move.ts";
import { emitter } from "../rules/events.ts";
import type { StakingWorld } from "../rules/staking.ts";

/** The world of a deployment whose types carry `walrusOriginal`. */
export function stakingWorld(context: MoveContext, walrusOriginal: string): StakingWorld {
  return {
    fields: context,
    exchangeRateType: `${walrusOriginal}::pool_exchange_rate::PoolExchangeRate`,
    blockedCommissionKeyType: `${walrusOriginal}::staking_pool::NewEpochCommissionBlockedForCollection`,
    extendedFieldKeyType: `${walrusOriginal}::extended_field::Key`,
    emit: emitter(context, walrusOriginal),
  };
}
