/** What the main thread and a node thread say to each other. Types only. */
import type { ChainEvent } from "./chain-view.ts";
import type { CommitteeView } from "./committee.ts";
import type { CounterMemory } from "./counters.ts";
import type { NodeFault } from "./faults.ts";
import type { PendingLimits } from "./pending-cache.ts";
import type { SyncReport } from "./shard-sync.ts";

/** One node a thread runs. */
export interface ThreadNode {
  readonly nodeIndex: number;
  readonly nodeId: string;
  readonly secretKey: Uint8Array;
  /** 0: any free port. */
  readonly port: number;
  /** File of its slivers; `null` for one that vanishes with the process. */
  readonly logPath: string | null;
}

/** `workerData` of a thread. */
export interface ThreadSetup {
  readonly kernel: WebAssembly.Module;
  readonly shardCount: number;
  readonly latencyMs: number;
  readonly eventLagMs: number;
  /** Wait between a certification and the rebuilding of what a node lacks; `null`: never. */
  readonly healDelayMs: number | null;
  readonly counters: CounterMemory;
  readonly pendingLimits: PendingLimits | undefined;
  readonly nodes: readonly ThreadNode[];
}

/** News of the chain, in chain order. */
export type FeedItem =
  | { readonly kind: "event"; readonly event: ChainEvent }
  | { readonly kind: "committee"; readonly committee: CommitteeView };

/** To a thread. Those with an `id` are answered by `done`. */
export type ThreadCommand =
  | { readonly type: "feed"; readonly items: readonly FeedItem[]; readonly atOnce: boolean }
  | {
      readonly type: "fault";
      readonly id: number;
      readonly nodeIndex: number;
      readonly fault: NodeFault;
    }
  | {
      readonly type: "deny";
      readonly id: number;
      readonly nodeIndex: number;
      readonly blobKeys: readonly string[];
    }
  | { readonly type: "close"; readonly id: number };

/** From a thread. */
export type ThreadReport =
  | {
      readonly type: "listening";
      readonly ports: readonly { readonly nodeIndex: number; readonly port: number }[];
    }
  | {
      /** The thread runs no node and waits to be ended. */
      readonly type: "failed";
      readonly port: number;
      readonly isPortTaken: boolean;
      readonly message: string;
    }
  | { readonly type: "fault-ended"; readonly nodeIndex: number }
  | { readonly type: "done"; readonly id: number; readonly error: string | null }
  | {
      readonly type: "lane-violation";
      readonly nodeIndex: number;
      readonly lane: string;
      readonly inFlight: number;
    }
  | {
      /** A node has every shard of the committee it was told of, as far as it can. */
      readonly type: "assigned";
      readonly nodeIndex: number;
      readonly epoch: number;
      readonly changing: boolean;
      readonly report: SyncReport;
    };
