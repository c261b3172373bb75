/** Which requests of a node a fault hits: by route, and only so many times. */
import type { NodeFault, NodeRoute } from "./faults.ts";

const HONEST: NodeFault = { fault: null };

/** The fault of one node. */
export class FaultPlan {
  #fault: NodeFault = HONEST;
  #left = Infinity;
  readonly #onEnd: () => void;

  /** @param onEnd Called when a fault has hit as often as it should. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  set(fault: NodeFault): void {
    this.#fault = fault;
    this.#left = fault.times ?? Infinity;
  }

  /** The fault this request meets, if any; counts it. */
  take(route: NodeRoute | null): NodeFault | null {
    const { fault, route: only } = this.#fault;
    if (fault === null || (only !== undefined && only !== route)) return null;
    if (fault === "cache-saturated" && route !== "metadata" && route !== "sliver") return null;
    const hit = this.#fault;
    this.#left -= 1;
    if (this.#left <= 0) {
      this.#fault = HONEST;
      this.#onEnd();
    }
    return hit;
  }
}
