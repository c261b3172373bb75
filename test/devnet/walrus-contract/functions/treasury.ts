/** The WAL treasury cap inside the `ProtectedTreasury` (`wal.move::borrow_cap`). */
import type { MoveContext } from "../../ledger/move.ts";
import { u64 } from "../rules/abort.ts";
import type { Balance, FieldParent } from "../values.ts";

/** `0x2::coin::TreasuryCap<WAL>`. */
export interface TreasuryCap {
  readonly id: string;
  readonly total_supply: Balance;
}

type Context = Pick<MoveContext, "readObjectField" | "mutateObjectField">;

/** The cap, kept under the only `TreasuryCapKey`. */
export function treasuryCap(
  context: Context,
  treasury: FieldParent,
  walPackage: string,
  access: "read" | "mutate",
): TreasuryCap {
  const keyType = `${walPackage}::wal::TreasuryCapKey`;
  const field =
    access === "read"
      ? context.readObjectField(treasury.id, keyType, {})
      : context.mutateObjectField(treasury.id, keyType, {});
  return field.value as TreasuryCap;
}

/** Takes `burned` out of the supply (`coin::burn`). */
export function burnWal(
  context: Context,
  treasury: FieldParent,
  walPackage: string,
  burned: Balance,
): void {
  const { total_supply } = treasuryCap(context, treasury, walPackage, "mutate");
  total_supply.value = u64(total_supply.value - burned.value);
  burned.value = 0n;
}
