/**
 * Whether the epoch of a fan-out is over: asked of the chain as soon as a node speaks of another one.
 *
 * What a node says costs at most one reading of the chain in `FAN_OUT_EPOCH_LOOK_MS`, and decides
 * nothing: an honest node may be behind the chain as well as ahead of what we know of it.
 */
import { FAN_OUT_EPOCH_LOOK_MS } from "../../../shared/limits.ts";
import { isNotAssigned, isRefusedFor, type NodeFailure } from "../../../shared/nodes/failure.ts";
import type { Clock } from "../../../shared/ports.ts";
import type { Chain } from "../../../shared/sui/chain.ts";

/** What a watch needs of the world. */
export interface EpochWatchPorts {
  readonly clock: Clock;
  /** The epoch the chain is in now, read afresh; `null` when it does not answer. */
  readonly readEpoch: () => Promise<number | null>;
}

/** Reads the epoch from the chain; whoever asks for the system state next gets what was read. */
export function epochReader({
  readSystem,
}: Pick<Chain, "readSystem">): EpochWatchPorts["readEpoch"] {
  return async () => {
    const system = await readSystem({ fresh: true });
    return system.ok ? system.value.epoch : null;
  };
}

/** Watches over one epoch. */
export class EpochWatch {
  readonly #ports: EpochWatchPorts;
  readonly #epoch: number;
  readonly #onMoved: () => void;
  #looking: Promise<void> | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: EpochWatchPorts, epoch: number, onMoved: () => void) {
    this.#ports = ports;
    this.#epoch = epoch;
    this.#onMoved = onMoved;
  }

  /** A node has failed: where that may be because its shards are others now, the chain is asked. */
  doubt(failure: NodeFailure): void {
    if (!speaksOfOtherShards(failure)) return;
    if (this.#ports.clock.nowMs() - this.#lookedAtMs >= FAN_OUT_EPOCH_LOOK_MS) void this.look();
  }

  /** Asks the chain, once for all who ask at a time; resolves when the answer has been heeded. */
  look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    this.#lookedAtMs = this.#ports.clock.nowMs();
    const epoch = await this.#ports.readEpoch();
    if (epoch !== null && epoch > this.#epoch) this.#onMoved();
  }
}

/** It has lost a shard, or has got one whose slivers we never gave it (protocol: node errors.rs). */
function speaksOfOtherShards(failure: NodeFailure): boolean {
  return isNotAssigned(failure) || isRefusedFor(failure, "MISSING_SLIVERS");
}
