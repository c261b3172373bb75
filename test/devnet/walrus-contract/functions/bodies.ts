/** Shapes the function bodies share. */
import type { MoveCall } from "../../ledger/move.ts";

/** Body of one function: results in declared order. */
export type Body = (call: MoveCall) => readonly unknown[];

/** `module::function` to its body. Every key has a signature in `table/`, and the reverse. */
export type Bodies = Readonly<Record<string, Body>>;

/** Puts package ids in the place of the named addresses of a type text. */
export type Resolve = (type: string) => string;

/** Results of a function that returns nothing. */
export const NOTHING: readonly unknown[] = [];
