/** Signatures of `wal.move` and `wal_exchange.move` (testnet). Data only. */
import { CONTEXT, EXCHANGE, SUI_COIN, TREASURY, WAL_COIN } from "./names.ts";
import type { FunctionTable } from "./types.ts";

export const WAL_FUNCTIONS: FunctionTable = {
  "wal::total_supply": { parameters: [`&${TREASURY}`], returns: ["u64"] },
  "wal::burn": { parameters: [`&mut ${TREASURY}`, WAL_COIN], returns: [] },
};

export const EXCHANGE_FUNCTIONS: FunctionTable = {
  "wal_exchange::exchange_all_for_wal": {
    parameters: [`&mut ${EXCHANGE}`, SUI_COIN, CONTEXT],
    returns: [WAL_COIN],
  },
  "wal_exchange::exchange_for_wal": {
    parameters: [`&mut ${EXCHANGE}`, `&mut ${SUI_COIN}`, "u64", CONTEXT],
    returns: [WAL_COIN],
  },
  "wal_exchange::exchange_all_for_sui": {
    parameters: [`&mut ${EXCHANGE}`, WAL_COIN, CONTEXT],
    returns: [SUI_COIN],
  },
  "wal_exchange::exchange_for_sui": {
    parameters: [`&mut ${EXCHANGE}`, `&mut ${WAL_COIN}`, "u64", CONTEXT],
    returns: [SUI_COIN],
  },
};
