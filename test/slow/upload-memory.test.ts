/**
 * Uploads of 100 MB, several at once in one isolate, within what the platform gives it: 128 MiB over
 * a gateway at rest that has served one small upload.
 */
import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { UPLOAD_BLOB_BYTES_DEFAULT } from "../../shared/limits.ts";
import { startNetwork } from "../devnet/network/network.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway } from "../support/gateway.ts";
import {
  limitHeapsAsThePlatform,
  peakWorkerdBytes,
  workerdBytes,
} from "../support/workerd-memory.ts";

const LOOK_MS = 500;

interface Stored {
  readonly state: string;
  readonly size: number;
}

const ISOLATE_BYTES = 128 * 1024 * 1024;

beforeAll(limitHeapsAsThePlatform);

test.each([1, 2, 8])("%d uploads of 100 MB at once", async (uploadCount) => {
  const network = await startNetwork({ nodeCount: 12, shardCount: 100 });
  const gateway = await startTestGateway(network);
  try {
    // Followed from afar: one that waits for its turn answers later than a client of Node waits.
    const store = async (body: Uint8Array<ArrayBuffer>): Promise<Stored> => {
      const headers = { Prefer: "respond-async" };
      const accepted = await gateway.publisher("/v1/blobs?epochs=1", {
        method: "PUT",
        body,
        headers,
      });
      const { location } = (await accepted.json()) as { location: string };
      for (;;) {
        const view = (await (await gateway.publisher(location)).json()) as Stored;
        if (view.state !== "running") return view;
        await setTimeout(LOOK_MS);
      }
    };
    // Made beforehand: while they are, nobody looks after the connections that are open.
    const contents = Array.from({ length: uploadCount }, (_, index) =>
      seededBytes(UPLOAD_BLOB_BYTES_DEFAULT, index + 2),
    );
    await store(seededBytes(1_000_000, 1));
    const idleBytes = workerdBytes();
    const peakBytes = await peakWorkerdBytes(async () => {
      for (const view of await Promise.all(contents.map(store))) {
        expect(view).toMatchObject({ state: "certified", size: UPLOAD_BLOB_BYTES_DEFAULT });
      }
    });
    const grownMib = Math.round((peakBytes - idleBytes) / 2 ** 20);
    process.stderr.write(`${uploadCount} x 100 MB: idle + ${grownMib} MiB\n`);
    expect(peakBytes - idleBytes).toBeLessThanOrEqual(ISOLATE_BYTES);
  } finally {
    await gateway.close();
    await network.close();
  }
});
