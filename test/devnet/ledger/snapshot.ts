/** A ledger's whole state as JSON text: bigints and bytes are tagged, so that they come back. */
import { bcs } from "@mysten/sui/bcs";
import { fromBase64, toBase64 } from "../../../shared/bytes/text.ts";
import type { SuiEpoch } from "./ledger.ts";
import type { ExecutedTransaction, LedgerObject } from "./types.ts";

/** JSON text. */
export type LedgerSnapshot = string;

export interface LedgerState {
  readonly seed: string;
  readonly epochs: readonly SuiEpoch[];
  readonly userTransactionCount: number;
  readonly moveCalls: readonly (readonly [string, number])[];
  readonly objects: readonly LedgerObject[];
  readonly transactions: readonly ExecutedTransaction[];
}

const FORMAT = 1;

export function encodeSnapshot(state: LedgerState): LedgerSnapshot {
  const transactions = state.transactions.map(({ effects: _parsed, ...rest }) => rest);
  return JSON.stringify({ format: FORMAT, ...state, transactions }, (_key, value: unknown) => {
    if (typeof value === "bigint") return { $bigint: value.toString() };
    if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
    return value;
  });
}

/**
 * Reads a snapshot back.
 *
 * @throws {TypeError} When the text is of another format.
 */
export function decodeSnapshot(text: LedgerSnapshot): LedgerState {
  const state = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$bigint" in value) return BigInt(value.$bigint as string);
    if ("$bytes" in value) return fromBase64(value.$bytes as string);
    return value;
  }) as LedgerState & { readonly format: number };
  if (state.format !== FORMAT) {
    throw new TypeError(`Cannot read a snapshot: expected format ${FORMAT}, got ${state.format}`);
  }
  const transactions = state.transactions.map((transaction) => {
    const effects = bcs.TransactionEffects.parse(transaction.effectsBytes).V2;
    if (effects === undefined || effects === null) {
      throw new TypeError(`Cannot read the effects of ${transaction.digest}: expected version 2`);
    }
    return { ...transaction, effects };
  });
  return { ...state, transactions };
}
