/** Reading from a node: metadata, slivers, statuses, symbols, health, and their refusals. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BcsWriter } from "../../../../shared/bcs/writer.ts";
import { fromBase64, toHex } from "../../../../shared/bytes/text.ts";
import {
  decodeDecodingSymbols,
  decodeMetadata,
  decodeMetadataWithId,
  decodeRecoverySymbols,
  encodeMetadata,
  encodeSliver,
  encodingParameters,
  formatBlobId,
  type RecoverySymbol,
} from "../../../../shared/codec/index.ts";
import {
  codec,
  dataOf,
  EVENT_REF,
  Harness,
  refusalOf,
  someBytes,
  type TestBlob,
} from "./harness.ts";

let net: Harness;
let blob: TestBlob;

beforeAll(async () => {
  net = await Harness.start();
  blob = net.blob(someBytes(700, 42));
  await net.store(blob);
});
afterAll(async () => {
  await net.cluster.close();
});

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

describe("GET metadata", () => {
  test("returns the metadata with its blob ID", async () => {
    const answer = await net.fetch(1, `/v1/blobs/${blob.key}/metadata`);
    const decoded = decodeMetadataWithId(await bytesOf(answer));
    expect(decoded).toEqual({
      ok: true,
      value: {
        blobId: blob.encoded.metadata.blobId,
        metadata: (decodeMetadata(blob.metadataBody) as { value: unknown }).value,
      },
    });
  });

  test("METADATA_NOT_FOUND: unknown blob (validate_blob_access)", async () => {
    const other = net.blob(someBytes(20, 1));
    expect(await refusalOf(await net.fetch(0, `/v1/blobs/${other.key}/metadata`))).toBe(
      "404 METADATA_NOT_FOUND",
    );
  });

  test("METADATA_NOT_FOUND: registered, but nothing stored", async () => {
    const other = net.blob(someBytes(20, 2));
    net.cluster.feed([net.registered(other)], true);
    expect(await refusalOf(await net.fetch(0, `/v1/blobs/${other.key}/metadata`))).toBe(
      "404 METADATA_NOT_FOUND",
    );
  });

  test("METADATA_NOT_FOUND: the last object of the blob was deleted", async () => {
    const other = net.blob(someBytes(20, 3));
    net.cluster.feed([net.registered(other, { deletable: true })], true);
    await net.putMetadata(other, 0);
    expect((await net.fetch(0, `/v1/blobs/${other.key}/metadata`)).status).toBe(200);
    net.cluster.feed([{ kind: "deleted", blobKey: other.key, objectId: other.objectId }], true);
    expect(await refusalOf(await net.fetch(0, `/v1/blobs/${other.key}/metadata`))).toBe(
      "404 METADATA_NOT_FOUND",
    );
  });

  test("400 for a blob ID that is not 43 characters of canonical base64url", async () => {
    for (const text of ["abc", `${blob.key.slice(0, 42)}_`, `${blob.key}A`]) {
      expect(await refusalOf(await net.fetch(0, `/v1/blobs/${text}/metadata`))).toBe(
        "400 INVALID_BLOB_ID",
      );
    }
  });
});

describe("GET sliver", () => {
  test("SLIVER_NOT_FOUND: registered, but not stored", async () => {
    const other = net.blob(someBytes(20, 4));
    net.cluster.feed([net.registered(other)], true);
    const answer = await net.fetch(
      net.nodeOfPair(other, 3),
      `/v1/blobs/${other.key}/slivers/3/primary`,
    );
    expect(await refusalOf(answer)).toBe("404 SLIVER_NOT_FOUND");
  });

  test("SLIVER_NOT_FOUND: unknown blob", async () => {
    const other = net.blob(someBytes(20, 5));
    const answer = await net.fetch(0, `/v1/blobs/${other.key}/slivers/3/primary`);
    expect(await refusalOf(answer)).toBe("404 SLIVER_NOT_FOUND");
  });

  test("SHARD_NOT_ASSIGNED: a pair of another node", async () => {
    const nodeIndex = (net.nodeOfPair(blob, 0) + 1) % 3;
    const answer = await net.fetch(nodeIndex, `/v1/blobs/${blob.key}/slivers/0/primary`);
    expect(await refusalOf(answer)).toBe("400 SHARD_NOT_ASSIGNED");
  });

  test("INDEX_OUT_OF_RANGE: pair n", async () => {
    const answer = await net.fetch(0, `/v1/blobs/${blob.key}/slivers/7/primary`);
    expect(await refusalOf(answer)).toBe("400 INDEX_OUT_OF_RANGE");
  });

  test("FORBIDDEN_BLOB: the deny-list, for metadata and slivers", async () => {
    const nodeIndex = net.nodeOfPair(blob, 0);
    await net.cluster.deny(nodeIndex, [blob.key]);
    for (const path of ["metadata", "slivers/0/primary"]) {
      expect(await refusalOf(await net.fetch(nodeIndex, `/v1/blobs/${blob.key}/${path}`))).toBe(
        "451 FORBIDDEN_BLOB",
      );
    }
    await net.cluster.deny(nodeIndex, []);
    const answer = await net.fetch(nodeIndex, `/v1/blobs/${blob.key}/slivers/0/primary`);
    expect(answer.status).toBe(200);
  });
});

describe("GET status", () => {
  const status = async (key: string) => await dataOf(await net.fetch(0, `/v1/blobs/${key}/status`));

  test("nonexistent, with 200", async () => {
    expect(await status(net.blob(someBytes(20, 6)).key)).toBe("nonexistent");
  });

  test("permanent: registered, then certified, then extended", async () => {
    const other = net.blob(someBytes(20, 7));
    const deletableCounts = { count_deletable_total: 0, count_deletable_certified: 0 };
    const permanent = { endEpoch: 10, isCertified: false, statusEvent: EVENT_REF, deletableCounts };
    net.cluster.feed([net.registered(other)], true);
    expect(await status(other.key)).toEqual({
      permanent: { ...permanent, initialCertifiedEpoch: null },
    });
    net.cluster.feed([net.certified(other)], true);
    expect(await status(other.key)).toEqual({
      permanent: { ...permanent, isCertified: true, initialCertifiedEpoch: 1 },
    });
    net.cluster.feed([{ ...net.certified(other, { endEpoch: 20 }), epoch: 3 } as never], true);
    expect(await status(other.key)).toEqual({
      permanent: { ...permanent, endEpoch: 20, isCertified: true, initialCertifiedEpoch: 1 },
    });
  });

  test("deletable, and both at once", async () => {
    const other = net.blob(someBytes(20, 8), 1);
    const second = { ...other, objectId: `0x${"02".repeat(32)}` };
    net.cluster.feed([net.registered(other, { deletable: true })], true);
    expect(await status(other.key)).toEqual({
      deletable: {
        initialCertifiedEpoch: null,
        deletableCounts: { count_deletable_total: 1, count_deletable_certified: 0 },
      },
    });
    net.cluster.feed([net.certified(other, { deletable: true }), net.registered(second)], true);
    expect(await status(other.key)).toMatchObject({
      permanent: {
        isCertified: false,
        deletableCounts: { count_deletable_total: 1, count_deletable_certified: 1 },
      },
    });
  });

  test("invalid", async () => {
    const other = net.blob(someBytes(20, 9));
    net.cluster.feed([{ kind: "invalid", blobKey: other.key, ref: EVENT_REF }], true);
    expect(await status(other.key)).toEqual({ invalid: { event: EVENT_REF } });
  });
});

describe("GET recoverySymbols", () => {
  test("returns proven symbols for a target, enough over all nodes to rebuild it", async () => {
    const target = { axis: "secondary", sliverIndex: 6 } as const;
    const symbols: RecoverySymbol[] = [];
    for (let nodeIndex = 0; nodeIndex < 3; nodeIndex++) {
      const answer = await net.fetch(
        nodeIndex,
        `/v1/blobs/${blob.key}/recoverySymbols?targetSliver=6&targetType=secondary`,
      );
      const decoded = decodeRecoverySymbols(await bytesOf(answer));
      if (!decoded.ok) throw new Error(decoded.failure.kind);
      symbols.push(...decoded.value);
    }
    expect(symbols.length).toBe(7);
    for (const symbol of symbols) {
      expect(codec.verifyRecoverySymbol(symbol, target, blob.encoded.metadata).ok).toBe(true);
    }
    const rebuilt = codec.recoverSliver(target, symbols, blob.encoded.metadata);
    if (!rebuilt.ok) throw new Error(rebuilt.failure.kind);
    expect(toHex(encodeSliver(rebuilt.value))).toBe(
      toHex(encodeSliver(blob.encoded.sliver("secondary", 6))),
    );
  });

  test("by id, passing over what it does not have", async () => {
    const nodeIndex = net.nodeOfPair(blob, 0);
    const path = `/v1/blobs/${blob.key}/recoverySymbols`;
    const answer = await net.fetch(nodeIndex, `${path}?id=0-3&id=99-99&proofAxis=primary`);
    const decoded = decodeRecoverySymbols(await bytesOf(answer));
    expect(
      decoded.ok && decoded.value.map(({ sourceIndex, targetIndex }) => [sourceIndex, targetIndex]),
    ).toEqual([[0, 3]]);
  });

  test("SYMBOL_NOT_PRESENT_AT_SHARDS, INDEX_OUT_OF_RANGE, NO_SYMBOLS_SPECIFIED, INVALID_FILTER", async () => {
    const path = `/v1/blobs/${blob.key}/recoverySymbols`;
    const elsewhere = (net.nodeOfPair(blob, 0) + 1) % 3;
    const refusal = async (query: string) =>
      await refusalOf(await net.fetch(elsewhere, `${path}?${query}`));
    expect(await refusal("id=0-3&proofAxis=primary")).toBe("400 SYMBOL_NOT_PRESENT_AT_SHARDS");
    expect(await refusal("id=7-0")).toBe("400 INDEX_OUT_OF_RANGE");
    expect(await refusal("")).toBe("400 NO_SYMBOLS_SPECIFIED");
    expect(await refusal("id=0-3&targetSliver=1&targetType=primary")).toBe("400 INVALID_FILTER");
  });

  test("SLIVER_NOT_FOUND: a blob that is not registered", async () => {
    const other = net.blob(someBytes(20, 10));
    const path = `/v1/blobs/${other.key}/recoverySymbols?targetSliver=1&targetType=primary`;
    expect(await refusalOf(await net.fetch(0, path))).toBe("404 SLIVER_NOT_FOUND");
  });
});

describe("GET decodingSymbols", () => {
  test("returns one symbol per owned shard and target; all nodes' rebuild the sliver", async () => {
    const path = `/v1/blobs/${blob.key}/decodingSymbols?targetSlivers=0&targetSlivers=1&targetType=primary`;
    const symbols = [];
    for (let nodeIndex = 0; nodeIndex < 3; nodeIndex++) {
      const decoded = decodeDecodingSymbols(await bytesOf(await net.fetch(nodeIndex, path)));
      if (!decoded.ok) throw new Error(decoded.failure.kind);
      expect([...decoded.value.keys()]).toEqual([0, 1]);
      symbols.push(...(decoded.value.get(1) ?? []));
    }
    const target = { axis: "primary", sliverIndex: 1 } as const;
    const rebuilt = codec.recoverSliver(target, symbols, blob.encoded.metadata);
    expect(rebuilt.ok && toHex(rebuilt.value.data)).toBe(
      toHex(blob.encoded.sliver("primary", 1).data),
    );
  });

  test("NO_TARGET_SLIVERS_SPECIFIED and RECOVERY_SYMBOL_OUT_OF_RANGE", async () => {
    const path = `/v1/blobs/${blob.key}/decodingSymbols`;
    const refusal = async (query: string) =>
      await refusalOf(await net.fetch(0, `${path}?${query}`));
    const { primaryCount, secondaryCount } = encodingParameters(7);
    expect(await refusal("targetType=primary")).toBe("400 NO_TARGET_SLIVERS_SPECIFIED");
    expect(await refusal(`targetSlivers=${primaryCount}&targetType=primary`)).toBe(
      "400 RECOVERY_SYMBOL_OUT_OF_RANGE",
    );
    expect(await refusal(`targetSlivers=${secondaryCount}&targetType=secondary`)).toBe(
      "400 RECOVERY_SYMBOL_OUT_OF_RANGE",
    );
  });
});

describe("POST inconsistencyProof", () => {
  const proofBody = (sliverIndex: number, symbols: readonly RecoverySymbol[]) => {
    const writer = new BcsWriter().u16(sliverIndex).uleb(symbols.length);
    for (const { sourceIndex, data, proof } of symbols) {
      writer.u16(sourceIndex).bytes(data).uleb(proof.length);
      for (const sibling of proof) {
        if (sibling === null) writer.uleb(0);
        else writer.uleb(1).fixed(sibling);
      }
    }
    return writer.finish();
  };
  const symbolsOf = (of: TestBlob, sliverIndex: number, count: number) =>
    Array.from({ length: count }, (_, source) => {
      const expanded = codec.expandSliver(of.encoded.sliver("secondary", source), 7);
      if (!expanded.ok) throw new Error(expanded.failure.kind);
      return expanded.value.recoverySymbol(sliverIndex);
    });
  const post = (of: TestBlob, body: Uint8Array) =>
    net.fetch(0, `/v1/blobs/${of.key}/inconsistencyProof/primary`, { method: "POST", body });

  test("signs that a blob is invalid whose metadata lies about a row", async () => {
    // A liar's metadata: the hash of primary sliver 0 is not that of row 0.
    const honest = net.blob(someBytes(600, 77));
    const sliverHashes = honest.encoded.metadata.sliverHashes.slice();
    sliverHashes[0] = (sliverHashes[0] ?? 0) ^ 1;
    const lie = { shardCount: 7, unencodedBytes: 600, sliverHashes };
    const probe = codec.verifyMetadata(lie, new Uint8Array(32));
    if (probe.ok || probe.failure.kind !== "blob-id-mismatch") throw new Error("unexpected");
    const blobId = probe.failure.actualBlobId;
    const bad: TestBlob = {
      ...honest,
      key: formatBlobId(blobId),
      metadataBody: encodeMetadata(lie),
    };
    net.cluster.feed([net.registered(bad)], true);
    expect((await net.putMetadata(bad, 0)).status).toBe(201);
    const answer = await post(bad, proofBody(0, symbolsOf(honest, 0, 5)));
    const { serializedMessage } = (await dataOf(answer)) as { serializedMessage: string };
    expect(toHex(fromBase64(serializedMessage) ?? new Uint8Array())).toBe(
      `02000301000000${toHex(blobId)}`,
    );
  });

  test("INVALID_PROOF: a consistent blob, too few symbols, symbols that do not verify", async () => {
    const refusal = async (body: Uint8Array) => await refusalOf(await post(blob, body));
    expect(await refusal(proofBody(0, symbolsOf(blob, 0, 5)))).toBe("400 INVALID_PROOF");
    expect(await refusal(proofBody(0, symbolsOf(blob, 0, 4)))).toBe("400 INVALID_PROOF");
    expect(await refusal(proofBody(1, symbolsOf(blob, 0, 5)))).toBe("400 INVALID_PROOF");
  });

  test("METADATA_NOT_FOUND with 400, and INVALID_CONTENT_TYPE for other bytes", async () => {
    const other = net.blob(someBytes(20, 11));
    expect(await refusalOf(await post(other, proofBody(0, [])))).toBe("400 METADATA_NOT_FOUND");
    expect(await refusalOf(await post(blob, new Uint8Array([1])))).toBe("400 INVALID_CONTENT_TYPE");
  });
});

describe("the rest", () => {
  test("health names epoch, key and shards", async () => {
    const health = await dataOf(await net.fetch(1, "/v1/health?detailed=true"));
    expect(health).toMatchObject({
      epoch: 1,
      nodeStatus: "Active",
      shardSummary: { owned: 2, readOnly: 0, ownedShardStatus: { ready: 2, inTransfer: 0 } },
      shardDetail: {
        owned: [
          { shard: 1, status: "ready" },
          { shard: 4, status: "ready" },
        ],
        other: [],
      },
    });
  });

  test("answers any origin, preflights included", async () => {
    const preflight = await net.fetch(0, "/v1/health", { method: "OPTIONS" });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    const read = await net.fetch(0, "/v1/health");
    expect(read.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("404 for unknown paths, 405 for other methods", async () => {
    expect((await net.fetch(0, "/v1/nothing")).status).toBe(404);
    expect((await net.fetch(0, "/v1/health", { method: "DELETE" })).status).toBe(405);
  });
});
