/** What the routes of the publisher are handed: ports and configuration, composed in index.ts. */
import type { Clock, Fetch, Log, Random, Timer } from "../../shared/ports.ts";
import type { Chain } from "../../shared/sui/chain.ts";
import type { ReadAttributedBlob } from "../../shared/sui/attributed-blob.ts";
import type { RequestNotes } from "../../shared/telemetry/request-log.ts";
import type { TokenDirectory } from "./auth/token-guard.ts";
import type { PublisherConfig } from "./config.ts";
import type { DeskDirectory } from "./desk/desk.ts";
import type { GateRpc } from "./gate/gate.ts";
import type { LeaseBookRpc } from "./lease-book/leases.ts";
import type { OrphanBookRpc } from "./lease-book/orphans.ts";
import type { NameDirectory } from "./names/names.ts";
import type { MetricsRpc } from "./metrics/object.ts";
import type { QuotaDirectory } from "./quota/quota.ts";
import type { RecentRpc } from "./recent/recent.ts";
import type { UploadDirectory } from "./uploads.ts";
import type { Wallets } from "./wallet/wallets.ts";

export interface AppContext {
  readonly config: PublisherConfig;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  /** Requests to the outside, under this request's permit of six. */
  readonly fetch: Fetch;
  readonly log: Log;
  readonly uploads: UploadDirectory;
  readonly desks: DeskDirectory;
  readonly tokens: TokenDirectory;
  readonly quotas: QuotaDirectory;
  /** The one writer of blocklist and purge generations: a new stub for each call. */
  readonly gate: () => GateRpc;
  /** What was certified lately: what a 404 asks before it is sent. */
  readonly recents: { getByName(shard: string): Pick<RecentRpc, "forget"> };
  readonly wallets: Wallets;
  readonly leaseBook: LeaseBookRpc & OrphanBookRpc;
  readonly metrics: MetricsRpc;
  readonly names: NameDirectory;
  readonly chain: Chain;
  /** Blobs with their attributes, as they stand now. */
  readonly readAttributed: ReadAttributedBlob;
  /** Work that goes on behind the answer; it never rejects. */
  readonly background: (work: Promise<void>) => void;
  /** What the log will tell of this request. */
  readonly notes: RequestNotes;
  /** Headers that go onto whatever this request is answered with. */
  readonly answerHeaders: Headers;
  /** Names this request in the log and in `X-Request-Id`. */
  readonly requestId: string;
}
