/** Waiting for the isolate's memory no longer than a client should. */
import { callAfter } from "../../shared/call-after.ts";
import type { HeldMemory } from "../../shared/held-memory.ts";
import { READ_MEMORY_WAIT_MS } from "../../shared/limits.ts";
import type { AggregatorServices } from "./services.ts";

/** Takes the memory; `false` when there is none in time, or the client has gone. */
export async function takeInTime(
  { timer }: Pick<AggregatorServices, "timer">,
  held: HeldMemory,
  signal: AbortSignal,
): Promise<boolean> {
  const late = new AbortController();
  const callOff = callAfter(timer, READ_MEMORY_WAIT_MS, () =>
    late.abort(new DOMException("No memory in time", "TimeoutError")),
  );
  try {
    await held.take(AbortSignal.any([signal, late.signal]));
    return true;
  } catch {
    return false;
  } finally {
    callOff();
  }
}
