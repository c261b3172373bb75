/** Emits the Walrus events (`events.move`) with their exact fields. */
import type { MoveContext } from "../../ledger/move.ts";

/** Emits one event of `events.move` by its name. */
export type Emit = (name: string, fields: Readonly<Record<string, unknown>>) => void;

/** An emitter into `context` for events of the package `walrusOriginal`. */
export function emitter(context: Pick<MoveContext, "emit">, walrusOriginal: string): Emit {
  return (name, fields) => {
    context.emit(`${walrusOriginal}::events::${name}`, fields);
  };
}
