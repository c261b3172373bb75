/** Shapes of the tables in this folder. Types only. */
import type { DatatypeDeclaration } from "../../ledger/move.ts";

/**
 * A public function as the Move source declares it.
 *
 * Named addresses `walrus`, `wal` and `wal_exchange` stand for package ids (`packages.ts` puts them
 * in); `0x1` and `0x2` are Sui's own. A trailing `&mut 0x2::tx_context::TxContext` is listed.
 */
export interface FunctionSignature {
  readonly parameters: readonly string[];
  readonly returns: readonly string[];
}

/** `module::function` to its signature. None of ours has type parameters. */
export type FunctionTable = Readonly<Record<string, FunctionSignature>>;

/** `module::Name` to its declaration. */
export type DatatypeTable = Readonly<Record<string, DatatypeDeclaration>>;
