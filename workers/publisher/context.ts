/** What the routes of the publisher are handed: ports and configuration, composed in index.ts. */
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type { PublisherConfig } from "./config.ts";
import type { UploadDirectory } from "./uploads.ts";

export interface AppContext {
  readonly config: PublisherConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly uploads: UploadDirectory;
  /** Names this request in the log and in `X-Request-Id`. */
  readonly requestId: string;
}
