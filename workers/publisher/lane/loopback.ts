/** This Worker's own `SliverLane`: every call is an invocation with its own six requests. */
import type { Lane } from "./lane.ts";

/** The lane of an object's exports. */
export function loopbackLane({ exports }: DurableObjectState): Lane {
  return (exports as unknown as { readonly SliverLane: Lane }).SliverLane;
}
