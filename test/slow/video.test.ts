/** A real browser and a video of 200 MB. */
import { videoTests } from "../support/video.ts";

videoTests({ byteCount: 200_000_000, shardCount: 130, timeoutMs: 30 * 60_000 });
