/**
 * What the cases ask for: one network with known contents, and the Worker in front of it.
 *
 * Names in braces in a path or a header stand for IDs of this world: `{blob}`, `{patch}`.
 */
import { env } from "cloudflare:workers";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { vi } from "vitest";
import {
  blobIdToU256,
  createCodec,
  encodeQuilt,
  formatBlobId,
  formatPatchId,
  parseBlobId,
} from "../../../../shared/codec/index.ts";
import { GATE_RULES_KEY } from "../../../../shared/cache/gate-rules.ts";
import { toHex } from "../../../../shared/bytes/text.ts";
import kernel from "../../../../shared/codec/kernel/build/kernel.wasm";
import { NETWORKS } from "../../../../shared/protocol/networks.ts";
import { systemTimer } from "../../../../shared/system.ts";
import worker from "../../../../workers/aggregator/index.ts";
import { encodeView } from "../../../../workers/aggregator/network-view.ts";
import { expectCommonHeaders } from "../../../support/manners.ts";
import { createFakeNodes, type FakeNodes } from "../../../support/fake-nodes.ts";
import { tampered, withLength, withOtherHash } from "../../../support/inconsistent.ts";

const SHARDS = 10;
const ORIGIN = "https://edge.test";

/** A world of cases. */
export interface World {
  readonly nodes: FakeNodes;
  /** Bytes by name. */
  readonly contents: Readonly<Record<string, Uint8Array>>;
  /** Replaces names in braces by IDs. */
  named(text: string): string;
  /** Replaces what the operator has decided. */
  setRules(rules: object): Promise<void>;
  /** `vars` adds to the configuration. */
  ask(path: string, init: RequestInit, vars?: object): Promise<Response>;
}

/** The first bytes of a PNG: signature, IHDR of one pixel, IDAT. */
const PNG = Uint8Array.from(
  [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0]
    .concat([0, 0, 31, 21, 196, 137, 0, 0, 0, 11, 73, 68, 65, 84, 8, 215, 99, 96, 0, 2, 0, 0, 5])
    .concat([0, 1, 226, 38, 5, 155, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130]),
);

const utf8 = (text: string) => new TextEncoder().encode(text);

/** 5,000 bytes of which no two neighbours are equal, beginning with a control byte. */
const BINARY = Uint8Array.from(
  { length: 5_000 },
  (_, index) => (index * 7 + (index >> 8) + 1) & 255,
);
const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  blob: BINARY,
  empty: new Uint8Array(0),
  one: Uint8Array.of(1),
  png: PNG,
  text: utf8("Grüße aus dem Netz\n"),
  html: utf8("<!doctype html><script>alert(1)</script>"),
};
const PATCHES = [
  { identifier: "a.txt", data: utf8("the first patch"), tags: { "content-type": "text/plain" } },
  { identifier: "page.html", data: CONTENTS["html"], tags: { "content-type": "text/html" } },
  { identifier: "grüße/b.bin", data: BINARY.slice(0, 600), tags: {} },
  { identifier: "nothing", data: new Uint8Array(0), tags: { "set-cookie": "a=b", link: "<x>" } },
];

/** Starts the world; `stop` gives the globals back. */
export async function startWorld(): Promise<World & { readonly stop: () => void }> {
  const codec = createCodec(kernel);
  const nodes = createFakeNodes(codec, systemTimer, { shardCount: SHARDS, memberCount: SHARDS });
  const ids: Record<string, string> = {};
  const contents: Record<string, Uint8Array> = { ...CONTENTS };
  for (const [name, bytes] of Object.entries(CONTENTS)) {
    ids[name] = formatBlobId(nodes.store(bytes));
  }
  storeQuilt(nodes, ids, contents);
  const bad = (name: string, encoded: Parameters<FakeNodes["storeEncoded"]>[0]) => {
    ids[name] = formatBlobId(nodes.storeEncoded(encoded));
    contents[name] = BINARY.slice(0, encoded.metadata.unencodedBytes);
  };
  const first = BINARY.slice(0, 200);
  // Rows of 7 symbols: what 200 bytes leave of the last one is padding.
  bad("padded", tampered(codec, first, SHARDS, withLength(199)));
  // The secondary hash of pair 4: no row knows of it, only a strict check does.
  bad("crooked", tampered(codec, BINARY.slice(0, 300), SHARDS, withOtherHash(4 * 64 + 32)));
  bad("broken", tampered(codec, BINARY.slice(0, 400), SHARDS, withOtherHash(0)));
  ids["unknown"] = formatBlobId(new Uint8Array(32).fill(9));
  ids["blocked"] = formatBlobId(nodes.store(BINARY.slice(0, 77)));
  const blobId = parseBlobId(ids["blob"] ?? "") ?? new Uint8Array(32);
  ids["blob as decimal"] = String(blobIdToU256(blobId));
  ids["blob as hex"] = `0x${toHex(blobId)}`;
  ids["blob as capital hex"] = `0x${toHex(blobId).toUpperCase()}`;
  ids["blob as percents"] = (ids["blob"] ?? "").replaceAll(
    /[A-Z]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  await publishView(nodes, [ids["blocked"]]);
  vi.stubGlobal("fetch", nodes.fetch);
  const named = (text: string) =>
    text.replaceAll(/\{([^{}"]+)\}/g, (whole, name: string) => ids[name] ?? whole);
  return { nodes, contents, named, ask, setRules, stop: () => vi.unstubAllGlobals() };
}

function storeQuilt(
  nodes: FakeNodes,
  ids: Record<string, string>,
  contents: Record<string, Uint8Array>,
): void {
  const inputs = PATCHES.map(({ identifier, data, tags }) => ({
    identifier,
    data: data ?? new Uint8Array(0),
    tags: new Map(Object.entries(tags)),
  }));
  const quilt = encodeQuilt(inputs, SHARDS);
  if (!quilt.ok) throw new Error(quilt.failure.kind);
  const quiltId = nodes.store(quilt.value.blob);
  ids["quilt"] = formatBlobId(quiltId);
  contents["quilt"] = quilt.value.blob;
  for (const { identifier, startIndex, endIndex } of quilt.value.index.patches) {
    ids[`patch ${identifier}`] = formatPatchId({ quiltId, startIndex, endIndex });
    const input = inputs.find((each) => each.identifier === identifier);
    contents[`patch ${identifier}`] = input?.data ?? new Uint8Array(0);
  }
  ids["patch of the index"] = formatPatchId({ quiltId, startIndex: 0, endIndex: 1 });
  ids["patch past the end"] = formatPatchId({ quiltId, startIndex: 6, endIndex: 900 });
}

async function publishView(nodes: FakeNodes, blocklist: readonly unknown[]): Promise<void> {
  const phase = { kind: "change-done", startMs: Date.now() - 1_000 } as const;
  const timing = { epoch: 5, phase, epochDurationMs: 86_400_000, firstEpochStartMs: 0 };
  const view = { epoch: 5, phase, timing, readAtMs: Date.now(), originalPackageId: "0x2" };
  const { BLOBS } = env as unknown as { readonly BLOBS: KVNamespace };
  await BLOBS.put(
    `network/${NETWORKS.testnet.systemObjectId}`,
    encodeView({ ...view, current: nodes.committee, previous: null }),
  );
  await setRules({ blocklist });
}

async function setRules(rules: object): Promise<void> {
  const { BLOBS } = env as unknown as { readonly BLOBS: KVNamespace };
  await BLOBS.put(GATE_RULES_KEY, JSON.stringify(rules));
}

/** Asks the Worker, judges the headers of the answer and waits for its background work. */
async function ask(path: string, init: RequestInit, vars: object = {}): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, init) as Parameters<typeof worker.fetch>[0];
  const response = await worker.fetch(request, { ...env, ...vars } as never, ctx);
  const body = response.body === null ? null : await response.arrayBuffer();
  await waitOnExecutionContext(ctx);
  expectCommonHeaders(response);
  return new Response(body, response);
}
