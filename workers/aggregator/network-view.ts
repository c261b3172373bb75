/**
 * What the aggregator knows of the Walrus network: epoch and committees, kept as long as the epoch
 * rules allow.
 *
 * Asked in this order: the isolate's memory (a hint), KV, the chain; the gate relies on the epoch, so
 * no view is older than `GATE_HOLD_MS` while the chain answers. When the chain does not answer,
 * a view is used on until its epoch may have ended, so that an RPC outage does not stop reads.
 */
import * as v from "valibot";
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { fromBase64, toBase64 } from "../../shared/bytes/text.ts";
import { KV_TTL_SECONDS_MIN } from "../../shared/limits.ts";
import type { Clock, KeyValue, Log } from "../../shared/ports.ts";
import type { Committee } from "../../shared/protocol/committee.ts";
import {
  earliestTransitionMs,
  type EpochState,
  type EpochTiming,
  reusableUntilMs,
} from "../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Chain, ChainFailure, SystemState } from "../../shared/sui/chain.ts";

/** The part of the chain's state that reads need. */
export interface NetworkView extends EpochState {
  /** Package that the types of the Walrus contract carry, those of its events too. */
  readonly originalPackageId: string;
  readonly timing: EpochTiming;
  /** When it was read from the chain, milliseconds since 1970. */
  readonly readAtMs: number;
}

/** A view an isolate remembers; plain data. */
export interface ViewMemory {
  view: NetworkView | null;
}

/** What the source is made of. */
export interface NetworkViewPorts {
  readonly chain: Pick<Chain, "readSystem">;
  readonly kv: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: ViewMemory;
  /** Tells the networks of one KV namespace apart. */
  readonly systemObjectId: string;
  readonly background: (work: Promise<void>) => void;
  /** Longest use of a view while the chain answers, at most `GATE_HOLD_MS`. */
  readonly holdMs: number;
}

/** Gives the current view. */
export interface NetworkViews {
  current(): Promise<Result<NetworkView, ChainFailure>>;
  /** Asks the chain, whatever is remembered. */
  refresh(): Promise<Result<NetworkView, ChainFailure>>;
}

/** Makes the source of one invocation. */
export function createNetworkViews(ports: NetworkViewPorts): NetworkViews {
  const { chain, kv, clock, log, memory } = ports;
  const key = `network/${ports.systemObjectId}`;
  const isFresh = (view: NetworkView) =>
    clock.nowMs() < reusableUntilMs(view.timing, view.readAtMs, ports.holdMs);

  async function stored(): Promise<NetworkView | null> {
    try {
      const bytes = await kv.get(key);
      return bytes === null ? null : decodeView(bytes);
    } catch (error) {
      log.warn({ event: "network-view.kv-get-failed", error: String(error) });
      return null;
    }
  }

  async function store(view: NetworkView): Promise<void> {
    try {
      await kv.put(key, encodeView(view), { ttlSeconds: KV_TTL_SECONDS_MIN });
    } catch (error) {
      log.warn({ event: "network-view.kv-put-failed", error: String(error) });
    }
  }

  async function refresh(): Promise<Result<NetworkView, ChainFailure>> {
    const state = await chain.readSystem({ fresh: true });
    if (state.ok) {
      const view = viewOf(state.value);
      memory.view = view;
      if (isFresh(view)) ports.background(store(view));
      return ok(view);
    }
    const kept = memory.view;
    if (kept !== null && clock.nowMs() < earliestTransitionMs(kept.timing)) {
      log.warn({ event: "network-view.stale", failure: state.failure.kind });
      return ok(kept);
    }
    return err(state.failure);
  }

  return {
    async current() {
      if (memory.view !== null && isFresh(memory.view)) return ok(memory.view);
      const shared = await stored();
      if (shared === null || !isFresh(shared)) return refresh();
      memory.view = shared;
      return ok(shared);
    },
    refresh,
  };
}

/**
 * The network as the chain has it now, where that is not `view`: for what the nodes of `view` did not
 * give. `null` where nothing has changed, or the chain does not answer.
 */
export async function movedOn(views: NetworkViews, view: NetworkView): Promise<NetworkView | null> {
  const fresh = await views.refresh();
  return !fresh.ok || isSameNetwork(fresh.value, view) ? null : fresh.value;
}

function isSameNetwork(left: NetworkView, right: NetworkView): boolean {
  return (
    left.epoch === right.epoch &&
    left.phase.kind === right.phase.kind &&
    addressesOf(left) === addressesOf(right)
  );
}

function addressesOf(view: NetworkView): string {
  return view.current.members.map((member) => member.baseUrl).join();
}

function viewOf(state: SystemState): NetworkView {
  const { epoch, phase, current, previous, timing, readAtMs, contract } = state;
  const { originalPackageId } = contract;
  return { epoch, phase, current, previous, timing, readAtMs, originalPackageId };
}

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const keySchema = v.pipe(
  v.string(),
  v.transform((text) => fromBase64(text) ?? new Uint8Array(0)),
);
const committeeSchema = v.object({
  epoch: whole,
  shardCount: whole,
  members: v.array(
    v.object({
      nodeId: v.string(),
      name: v.string(),
      baseUrl: v.string(),
      publicKey: keySchema,
      shardIndices: v.array(whole),
    }),
  ),
});
const phaseSchema = v.variant("kind", [
  v.object({ kind: v.literal("change-sync"), syncedWeight: whole }),
  v.object({ kind: v.literal("change-done"), startMs: whole }),
  v.object({ kind: v.literal("next-parameters-selected"), startMs: whole }),
]);
const viewSchema = v.object({
  epoch: whole,
  phase: phaseSchema,
  current: committeeSchema,
  previous: v.nullable(committeeSchema),
  timing: v.object({
    epoch: whole,
    phase: phaseSchema,
    epochDurationMs: whole,
    firstEpochStartMs: whole,
  }),
  readAtMs: whole,
  originalPackageId: v.string(),
});

/** The view as KV keeps it. */
export function encodeView(view: NetworkView): Uint8Array<ArrayBuffer> {
  const { epoch, phase, timing, readAtMs, originalPackageId } = view;
  const current = plainCommittee(view.current);
  const previous = view.previous === null ? null : plainCommittee(view.previous);
  return utf8Bytes(
    JSON.stringify({ epoch, phase, timing, readAtMs, originalPackageId, current, previous }),
  );
}

/** Reads a stored view; `null` when it has another shape. */
export function decodeView(bytes: Uint8Array): NetworkView | null {
  try {
    const parsed = v.safeParse(viewSchema, JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function plainCommittee(committee: Committee): object {
  return {
    ...committee,
    members: committee.members.map((member) => ({
      ...member,
      publicKey: toBase64(member.publicKey),
    })),
  };
}
