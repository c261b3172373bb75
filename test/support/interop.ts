/**
 * One interop suite, run at 100 and at 1,000 shards: what the official SDK writes our aggregator
 * reads, what our publisher writes the official SDK reads; identical bytes and blob IDs.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, storedBlob } from "./answers.ts";
import { interopContents } from "./contents.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { officialClient, type OfficialClient } from "./sdk.ts";

/** Declares the suite for a network of `shardCount` shards. */
export function testInterop(shardCount: number): void {
  describe(`interop with the official SDK at ${shardCount} shards`, () => {
    let network: Network;
    let gateway: TestGateway;
    let official: OfficialClient;

    beforeAll(async () => {
      network = await startNetwork({ shardCount, seed: `interop-${shardCount}` });
      gateway = await startTestGateway(network);
      official = await officialClient(network.description);
    });
    afterAll(async () => {
      await gateway?.close();
      await network?.close();
    });

    for (const [name, content] of Object.entries(interopContents())) {
      // The SDK goes first: empty content is the same blob whoever stores it, and of a blob that the
      // nodes already hold the SDK asks for confirmations once, without the retry that it has for a
      // registration which a node has not seen yet.
      test(`the official SDK writes ${name} and the aggregator serves it`, async () => {
        // Another content than the publisher stores, so that no cache can answer from memory.
        const own = content.slice();
        if (own.length > 0) own[own.length - 1] = ((own[own.length - 1] ?? 0) + 1) & 0xff;
        const { blobId } = await official.walrus.writeBlob({
          blob: own,
          deletable: true,
          epochs: 2,
          signer: official.signer,
        });
        const response = await gateway.aggregator(`/v1/blobs/${blobId}`);
        expect(response.status).toBe(200);
        expectSameBytes(await bodyBytes(response), own);
        expect(response.headers.get("etag")).toBe(`"${blobId}"`);
      });

      test(`the publisher stores ${name} and the official SDK reads it`, async () => {
        const response = await gateway.publisher("/v1/blobs?epochs=3&permanent=true", {
          method: "PUT",
          body: content,
        });
        const { blobId } = await storedBlob(response);
        const metadata = await official.walrus.computeBlobMetadata({ bytes: content });
        expect(blobId).toBe(metadata.blobId);
        expectSameBytes(await official.walrus.readBlob({ blobId }), content);
      });
    }
  });
}
