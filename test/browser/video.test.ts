/** A real browser and a video of several segments; the large one is in `test/slow`. */
import { videoTests } from "../support/video.ts";

videoTests({ byteCount: 12_000_000, shardCount: 100, timeoutMs: 240_000 });
