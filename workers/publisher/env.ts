/** The bindings of `[env.publisher]` in wrangler.toml. Types only. */
import type { NetworkVars } from "../../shared/protocol/networks.ts";
import type { AccessVars } from "./auth/access.ts";
import type { Token } from "./auth/object.ts";
import type { Desk } from "./desk/object.ts";
import type { Gate } from "./gate/object.ts";
import type { LeaseBook } from "./lease-book/object.ts";
import type { Metrics } from "./metrics/object.ts";
import type { Names } from "./names/object.ts";
import type { OrphanVars } from "./orphans/settings.ts";
import type { Quota } from "./quota/object.ts";
import type { RateLimitVars } from "./quota/settings.ts";
import type { Recent } from "./recent/object.ts";
import type { Upload } from "./upload/object.ts";
import type { Wallet } from "./wallet/object.ts";
import type { WalletVars } from "./wallet/settings.ts";

export interface PublisherEnv
  extends NetworkVars, AccessVars, WalletVars, RateLimitVars, OrphanVars {
  readonly UPLOADS: DurableObjectNamespace<Upload>;
  readonly DESKS: DurableObjectNamespace<Desk>;
  readonly WALLETS: DurableObjectNamespace<Wallet>;
  readonly LEASE_BOOKS: DurableObjectNamespace<LeaseBook>;
  readonly TOKENS: DurableObjectNamespace<Token>;
  readonly QUOTAS: DurableObjectNamespace<Quota>;
  readonly GATES: DurableObjectNamespace<Gate>;
  readonly RECENTS: DurableObjectNamespace<Recent>;
  /** What the aggregators cache everywhere. */
  readonly BLOBS: KVNamespace;
  readonly METRICS: DurableObjectNamespace<Metrics>;
  readonly NAMES: DurableObjectNamespace<Names>;
  /** Where blobs are read, for answers about names: `https://…`; not told unless given. */
  readonly AGGREGATOR_URL?: string;
  /** `exact` answers exactly as the official daemon; `default` unless given. */
  readonly COMPAT?: string;
  /** Fan-out lanes, 1 to 31; 16 unless given. */
  readonly LANES?: string;
  /** Largest blob in bytes, at most `UPLOAD_BLOB_BYTES_MAX`; `UPLOAD_BLOB_BYTES_DEFAULT` unless given. */
  readonly MAX_BLOB_BYTES?: string;
  /** Data of blobs up to this size, bytes, is cached when stored; 0 caches none. */
  readonly WARM_MAX_BYTES?: string;
  /** Tip of the upload relay as `/v1/tip-config` tells it, without `send_tip`; none unless given. */
  readonly RELAY_TIP?: string;
  /** Secret: `suiprivkey…` of the address that pays. */
  readonly WALLET_SECRET_KEY?: string;
  /** Secret: who has it may read `/metrics`; nobody unless given. */
  readonly METRICS_TOKEN?: string;
  /** Secret: JSON `{source: "whsec_…" or ["whsec_…", "whsec_…"]}`; no webhooks unless given. */
  readonly HOOK_SECRETS?: string;
}
