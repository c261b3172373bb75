/** A real browser and a video of several segments; the large one is in `test/slow`. */
import { videoTests } from "../support/video.ts";

videoTests(12_000_000, 240_000);
