/** Move's `assert!` and `abort` with the codes of `table/abort-codes.ts`. */
import { ExecutionError } from "../../ledger/execution-error.ts";
import { MoveAbort } from "../../ledger/move.ts";
import { ABORT_CODES } from "../table/abort-codes.ts";

type AbortCodes = typeof ABORT_CODES;
export type AbortModule = keyof AbortCodes;
export type AbortName<M extends AbortModule> = Extract<keyof AbortCodes[M], string>;

/** Modules of Sui's framework, whose aborts carry its package id. */
const FRAMEWORK_MODULES: readonly AbortModule[] = ["balance", "bcs", "vec_map"];
const FRAMEWORK_PACKAGE = `0x${"2".padStart(64, "0")}`;

/** Largest `u64`. */
export const U64_MAX = 2n ** 64n - 1n;
const U32_MAX = 2 ** 32 - 1;

/** Where an abort happens: `module` and function name of the Move source. */
export interface Place<M extends AbortModule> {
  readonly module: M;
  readonly functionName: string;
}

/** Names a place for `ensure` and `abort`. */
export function at<M extends AbortModule>(module: M, functionName: string): Place<M> {
  return { module, functionName };
}

/** @throws {MoveAbort} Always, with the code of `name`. */
export function abort<M extends AbortModule>(place: Place<M>, name: AbortName<M>): never {
  const codes = ABORT_CODES[place.module] as Readonly<Record<string, bigint>>;
  const code = codes[name];
  if (code === undefined) throw new TypeError(`Cannot abort: no constant ${name}`);
  const details = { module: place.module, functionName: place.functionName, code };
  throw FRAMEWORK_MODULES.includes(place.module)
    ? new MoveAbort({ ...details, constantName: name, packageId: FRAMEWORK_PACKAGE })
    : new MoveAbort({ ...details, constantName: name });
}

/** Move's `assert!`. */
export function ensure<M extends AbortModule>(
  condition: boolean,
  place: Place<M>,
  name: AbortName<M>,
): asserts condition {
  if (!condition) abort(place, name);
}

/** Result of `u64` arithmetic; the VM stops on overflow and underflow. */
export function u64(value: bigint): bigint {
  if (value < 0n || value > U64_MAX) throw arithmeticError(`u64 ${value}`);
  return value;
}

/** Result of `u32` arithmetic. */
export function u32(value: number): number {
  if (value < 0 || value > U32_MAX) throw arithmeticError(`u32 ${value}`);
  return value;
}

/** Overflow, underflow, lossy cast or division by zero: an error of the VM, not an abort. */
export function arithmeticError(what: string): ExecutionError {
  return new ExecutionError(
    { MovePrimitiveRuntimeError: null },
    `MovePrimitiveRuntimeError: ${what}`,
    "ARITHMETIC_ERROR",
  );
}
