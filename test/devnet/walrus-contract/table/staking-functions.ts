/**
 * Signatures of `staking.move` that the local network serves. Data only.
 *
 * Left out: registering and changing candidates, commissions, and withdrawing stake.
 */
import {
  CLOCK,
  COMMITTEE,
  CONTEXT,
  ID,
  NODE_CAP,
  STAKED_WAL,
  STAKING,
  SYSTEM,
  TREASURY,
  WAL_COIN,
} from "./names.ts";
import type { FunctionTable } from "./types.ts";

export const STAKING_FUNCTIONS: FunctionTable = {
  "staking::stake_with_pool": {
    parameters: [`&mut ${STAKING}`, WAL_COIN, ID, CONTEXT],
    returns: [STAKED_WAL],
  },
  "staking::set_storage_price_vote": {
    parameters: [`&mut ${STAKING}`, `&${NODE_CAP}`, "u64"],
    returns: [],
  },
  "staking::set_write_price_vote": {
    parameters: [`&mut ${STAKING}`, `&${NODE_CAP}`, "u64"],
    returns: [],
  },
  "staking::set_node_capacity_vote": {
    parameters: [`&mut ${STAKING}`, `&${NODE_CAP}`, "u64"],
    returns: [],
  },
  "staking::update_prices": {
    parameters: [`&mut ${STAKING}`, `&mut ${SYSTEM}`],
    returns: [],
  },
  "staking::voting_end": { parameters: [`&mut ${STAKING}`, CLOCK], returns: [] },
  "staking::initiate_epoch_change": {
    parameters: [`&mut ${STAKING}`, `&mut ${SYSTEM}`, CLOCK],
    returns: [],
  },
  "staking::initiate_epoch_change_v2": {
    parameters: [`&mut ${STAKING}`, `&mut ${SYSTEM}`, `&mut ${TREASURY}`, CLOCK, CONTEXT],
    returns: [],
  },
  "staking::epoch_sync_done": {
    parameters: [`&mut ${STAKING}`, `&mut ${NODE_CAP}`, "u32", CLOCK],
    returns: [],
  },
  "staking::compute_next_committee": { parameters: [`&${STAKING}`], returns: [COMMITTEE] },
  "staking::epoch": { parameters: [`&${STAKING}`], returns: ["u32"] },
};
