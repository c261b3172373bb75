/** What one request of the aggregator works with. Types only. */
import type { Codec } from "../../shared/codec/index.ts";
import type { NodeClient } from "../../shared/nodes/client.ts";
import type { NodeHealthHints } from "../../shared/nodes/node-health.ts";
import type { RowLane } from "../../shared/nodes/read-lanes.ts";
import type { Clock, Log, Random, Timer } from "../../shared/ports.ts";
import type { ReadAttributedBlob } from "../../shared/sui/attributed-blob.ts";
import type { ReadCertifiedEvent } from "../../shared/sui/read-certified-event.ts";
import type { WorkingMemory } from "../../shared/working-memory.ts";
import type { Fills } from "./fill/fills.ts";
import type { GateRules } from "../../shared/cache/gate-rules.ts";
import type { LeaseWord } from "./leases.ts";
import type { NetworkViews } from "./network-view.ts";
import type { Tiers } from "./tiers.ts";
import type { ReadMemory } from "./read-memory.ts";

/** Everything one request of the aggregator works with. */
export interface AggregatorServices {
  readonly codec: Codec;
  readonly client: NodeClient;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly workingMemory: WorkingMemory;
  /** Shortest silence of a node before a competitor is asked, ms; 0 for what is built in. */
  readonly patienceMs: number;
  readonly log: Log;
  readonly tiers: Tiers;
  /** See `VerifiedStore`. */
  readonly checksEveryDigest?: boolean;
  readonly views: NetworkViews;
  /** Largest blob that is served, bytes; `null` for any. */
  readonly blobBytesMax: number | null;
  readonly gateRules: () => Promise<GateRules>;
  /** What the gateway's own leases on a blob (43 characters) say. */
  readonly leases: (blobId: string) => Promise<LeaseWord>;
  /** Whether this gateway has certified a blob in the last hours; `null` when nobody answers. */
  readonly certifiedLately: (blobId: string) => Promise<boolean | null>;
  /** Blob objects with their attributes, as the chain has them now. */
  readonly readObject: ReadAttributedBlob;
  /** The event a storage node's status points to. */
  readonly readCertifiedEvent: ReadCertifiedEvent;
  /** What earlier reads have learned of nodes. */
  readonly health: NodeHealthHints;
  /** Where more than a dozen rows go; `null` where there are no other invocations. */
  readonly lane: RowLane | null;
  /** Reads shared with other requests; `null` where there are no objects. */
  readonly fills: Fills | null;
  readonly remembered: ReadMemory;
  /** Lets work outlive the answer. */
  readonly background: (work: Promise<void>) => void;
}
