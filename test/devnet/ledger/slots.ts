/**
 * The values a programmable transaction works on: inputs, the gas coin and results, and the rules
 * for using them (by value, by reference, of the right type).
 *
 * Source of the rules and error kinds: sui-execution `programmable_transactions/context.rs`.
 */
import { argumentError } from "./execution-error.ts";
import type { MoveValue } from "./move.ts";
import { formatType, type MoveType, type ParameterType, parseType } from "./move-types.ts";
import type { Registry } from "./registry.ts";
import type { Loaded } from "./session.ts";
import type { TransactionData } from "./types.ts";

type Programmable = NonNullable<TransactionData["V1"]["kind"]["ProgrammableTransaction"]>;
export type Command = Programmable["commands"][number];
export type CallInput = Programmable["inputs"][number];
export type Argument = NonNullable<Command["TransferObjects"]>["address"];

/** One place a value can be in. */
export type Slot =
  | { readonly kind: "pure"; readonly bytes: Uint8Array; typed: MoveValue | null }
  | { readonly kind: "object"; readonly loaded: Loaded; readonly isGas: boolean }
  | { readonly kind: "result"; value: MoveValue | null };

/** How a parameter is filled: what the checker found. */
interface Borrowed {
  readonly slot: Slot;
  readonly mutable: boolean;
}

export class Slots {
  readonly #registry: Registry;
  readonly #inputs: readonly Slot[];
  readonly #gas: Slot | null;
  readonly #results: Slot[][] = [];
  #borrowed: Borrowed[] = [];

  constructor(registry: Registry, inputs: readonly Slot[], gas: Slot | null) {
    this.#registry = registry;
    this.#inputs = inputs;
    this.#gas = gas;
  }

  /** Forgets the borrows of the previous command. */
  startCommand(): void {
    this.#borrowed = [];
  }

  addResults(values: readonly MoveValue[]): void {
    this.#results.push(values.map((value) => ({ kind: "result", value })));
  }

  /** Results left over that may not be dropped; the first of them, as `[command, index]`. */
  unusedWithoutDrop(): readonly [number, number] | null {
    for (const [command, results] of this.#results.entries()) {
      for (const [index, slot] of results.entries()) {
        if (slot.kind !== "result" || slot.value === null) continue;
        if (!this.#registry.abilities(slot.value.type).has("drop")) return [command, index];
      }
    }
    return null;
  }

  /** Types an argument has without looking at a parameter: null for a pure input. */
  typeOf(argument: Argument, index: number): string | null {
    const slot = this.#find(argument, index);
    return this.#current(slot, index)?.type ?? null;
  }

  /**
   * Uses an argument as a parameter.
   *
   * @throws {ExecutionError} `CommandArgumentError` at `index`.
   */
  use(argument: Argument, index: number, parameter: ParameterType, isTransfer = false): MoveValue {
    const slot = this.#find(argument, index);
    if (parameter.reference === "value") return this.#take(slot, index, parameter.type, isTransfer);
    const mutable = parameter.reference === "mutable";
    this.#checkBorrow(slot, index, mutable);
    this.#borrowed.push({ slot, mutable });
    if (slot.kind === "pure" && slot.typed === null) {
      const value = this.#decode(slot.bytes, parameter.type, index);
      if (mutable) slot.typed = value;
      return value;
    }
    if (slot.kind === "object" && mutable && !slot.loaded.mutable) {
      throw argumentError(index, { InvalidObjectByMutRef: true });
    }
    const value = this.#current(slot, index);
    if (value === null || value.type !== formatType(parameter.type)) {
      throw argumentError(index, { TypeMismatch: true });
    }
    return value;
  }

  #take(slot: Slot, index: number, type: MoveType, isTransfer: boolean): MoveValue {
    if (slot.kind === "pure" && slot.typed === null) return this.#decode(slot.bytes, type, index);
    const value = this.#current(slot, index);
    if (value === null || value.type !== formatType(type)) {
      throw argumentError(index, { TypeMismatch: true });
    }
    if (this.#registry.abilities(value.type).has("copy")) {
      this.#checkBorrow(slot, index, false);
      return { type: value.type, value: structuredClone(value.value) };
    }
    this.#checkBorrow(slot, index, true);
    if (slot.kind === "object") {
      if (slot.isGas && !isTransfer) throw argumentError(index, { InvalidGasCoinUsage: true });
      if (!slot.loaded.mutable) throw argumentError(index, { InvalidObjectByValue: true });
      slot.loaded.consumed = true;
    } else if (slot.kind === "result") slot.value = null;
    return value;
  }

  #decode(bytes: Uint8Array, type: MoveType, index: number): MoveValue {
    if (!this.#registry.isPure(type)) throw argumentError(index, { InvalidUsageOfPureArg: true });
    const text = formatType(type);
    try {
      return { type: text, value: this.#registry.parse(text, bytes) };
    } catch {
      throw argumentError(index, { InvalidBCSBytes: true });
    }
  }

  #current(slot: Slot, index: number): MoveValue | null {
    if (slot.kind === "pure") return slot.typed;
    const value = slot.kind === "object" && slot.loaded.consumed ? null : valueOf(slot);
    if (value === null) throw argumentError(index, { InvalidValueUsage: true });
    return value;
  }

  #checkBorrow(slot: Slot, index: number, exclusive: boolean): void {
    const clash = this.#borrowed.some(
      (borrowed) => borrowed.slot === slot && (exclusive || borrowed.mutable),
    );
    if (clash) throw argumentError(index, { InvalidValueUsage: true });
  }

  #find(argument: Argument, index: number): Slot {
    switch (argument.$kind) {
      case "GasCoin":
        if (this.#gas === null) throw argumentError(index, { InvalidGasCoinUsage: true });
        return this.#gas;
      case "Input":
        return found(this.#inputs[argument.Input], index, argument.Input);
      case "Result": {
        const results = found(this.#results[argument.Result], index, argument.Result);
        const [only] = results;
        if (only === undefined || results.length !== 1) {
          throw argumentError(index, { InvalidResultArity: { resultIdx: argument.Result } });
        }
        return only;
      }
      case "NestedResult": {
        const [resultIdx, secondaryIdx] = argument.NestedResult;
        const slot = found(this.#results[resultIdx], index, resultIdx)[secondaryIdx];
        if (slot === undefined) {
          throw argumentError(index, { SecondaryIndexOutOfBounds: { resultIdx, secondaryIdx } });
        }
        return slot;
      }
    }
  }
}

function found<T>(value: T | undefined, index: number, idx: number): T {
  if (value === undefined) throw argumentError(index, { IndexOutOfBounds: { idx } });
  return value;
}

function valueOf(slot: Slot): MoveValue | null {
  if (slot.kind === "pure") return slot.typed;
  return slot.kind === "object" ? slot.loaded.value : slot.value;
}

/** A by-value parameter of a type text. */
export function byValue(type: string): ParameterType {
  return { reference: "value", type: parseType(type) };
}

/** A `&mut` parameter of a type text. */
export function byMutable(type: string): ParameterType {
  return { reference: "mutable", type: parseType(type) };
}
