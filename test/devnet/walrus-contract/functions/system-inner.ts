/** Opens the versioned inner state of System and Staking (`system.move::inner_mut`). */
import type { MoveContext } from "../../ledger/move.ts";
import { at, ensure } from "../rules/abort.ts";
import type { StakingInner, SystemInner, VersionedObject } from "../values.ts";

/** Contract version of mainnet and testnet. */
export const CONTRACT_VERSION = 3n;

type Fields = Pick<MoveContext, "readField" | "mutateField">;

/** The System's state, to change. */
export function systemInnerMut(context: Fields, system: VersionedObject): SystemInner {
  ensure(system.version === CONTRACT_VERSION, at("system", "inner_mut"), "EWrongVersion");
  return context.mutateField(system.id, "u64", system.version).value as SystemInner;
}

/** The System's state, to read. */
export function systemInner(context: Fields, system: VersionedObject): SystemInner {
  ensure(system.version === CONTRACT_VERSION, at("system", "inner"), "EWrongVersion");
  return context.readField(system.id, "u64", system.version).value as SystemInner;
}

/** The Staking object's state, to change. */
export function stakingInnerMut(context: Fields, staking: VersionedObject): StakingInner {
  ensure(staking.version === CONTRACT_VERSION, at("staking", "inner_mut"), "EWrongVersion");
  return context.mutateField(staking.id, "u64", staking.version).value as StakingInner;
}

/** The Staking object's state, to read. */
export function stakingInner(context: Fields, staking: VersionedObject): StakingInner {
  ensure(staking.version === CONTRACT_VERSION, at("staking", "inner"), "EWrongVersion");
  return context.readField(staking.id, "u64", staking.version).value as StakingInner;
}
