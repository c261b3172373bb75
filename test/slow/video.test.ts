/** A real browser and a video of 200 MB. */
import { videoTests } from "../support/video.ts";

videoTests(200_000_000, 30 * 60_000);
