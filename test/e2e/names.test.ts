/**
 * Names over HTTP: changed by compare-and-set, resolved from the chain by the official client alone,
 * and there after the gateway has died. And what `/metrics` says of all that.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { moveCalls, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { scrape } from "../support/metrics-page.ts";
import { resolveOnChain, type ToldAnchor } from "../support/name-checker.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

const AGGREGATOR_URL = "https://read.example";

let network: Network;
let stateDir: string;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "walrus-edge-names-"));
  network = await startNetwork({ shardCount: 16, seed: "names" });
  gateway = await start();
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
  rmSync(stateDir, { recursive: true, force: true });
});

function start(): Promise<TestGateway> {
  return startTestGateway(network, {
    stateDir,
    // An anchor is within the margin from the first day on.
    vars: {
      publisher: { AGGREGATOR_URL },
      renewal: {
        RENEW_MARGIN_EPOCHS: "26",
        RENEW_EXTEND_EPOCHS: "26",
        RENEW_BUDGET_FROST: "3000000",
      },
    },
  });
}

interface NameView {
  readonly version: number;
  readonly blobId: string | null;
  readonly objectId: string | null;
  readonly txDigest: string;
  readonly url: string;
  readonly anchor: ToldAnchor;
}

async function storedObject(seed: number): Promise<{ blobId: string; objectId: string }> {
  const body = seededBytes(500, seed);
  const response = await gateway.publisher("/v1/blobs?epochs=3", { method: "PUT", body });
  const { blobId, id: objectId } = await storedBlob(response);
  return { blobId, objectId };
}

/** Reason and metadata of an error. */
async function detailOf(response: Response): Promise<unknown> {
  const { error } = (await response.json()) as { error: { details: unknown[] } };
  return error.details[0];
}

function put(name: string, target: object, headers: Record<string, string> = {}) {
  const body = JSON.stringify(target);
  return gateway.operator(`/edge/v1/names/${name}`, { method: "PUT", body, headers });
}

async function viewOf(response: Response): Promise<NameView> {
  return (await response.json()) as NameView;
}

describe("a name", () => {
  let first: { blobId: string; objectId: string };
  let anchor: ToldAnchor;

  test("is made, resolved by us and, without us, by the official client", async () => {
    first = await storedObject(1);
    const made = await put("site", first, { "if-none-match": "*" });
    expect([made.status, made.headers.get("etag")]).toEqual([201, '"v1"']);
    const view = await viewOf(made);
    expect(view).toMatchObject({
      version: 1,
      ...first,
      url: `${AGGREGATOR_URL}/v1/blobs/${first.blobId}`,
    });
    ({ anchor } = view);
    expect(await resolveOnChain(official.walrus, anchor)).toEqual({ version: 1, ...first });
    const resolved = await gateway.publisher("/edge/v1/names/site");
    expect(await viewOf(resolved)).toEqual(view);
    const same = await gateway.publisher("/edge/v1/names/site", {
      headers: { "if-none-match": '"v1"' },
    });
    expect(same.status).toBe(304);
    const redirected = await gateway.publisher("/edge/v1/names/site?redirect=true", {
      redirect: "manual",
    });
    expect([redirected.status, redirected.headers.get("location")]).toEqual([307, view.url]);
  });

  test("changes once where two have the same If-Match, and the chain knows the winner", async () => {
    const targets = [await storedObject(2), await storedObject(3)];
    const answers = await Promise.all(
      targets.map((target) => put("site", target, { "if-match": '"v1"' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
    const won = answers.findIndex(({ status }) => status === 200);
    expect(await resolveOnChain(official.walrus, anchor)).toEqual({ version: 2, ...targets[won] });
    const lost = answers[1 - won];
    if (lost === undefined) throw new Error("no loser");
    expect(lost.headers.get("etag")).toBe('"v2"');
    expect(await detailOf(lost)).toMatchObject({
      reason: "NAME_CHANGED",
      metadata: { version: "2" },
    });
  });

  test("/metrics tells uploads, transactions and balances as the ledger has them", async () => {
    const { rpc, wallet } = network.description;
    const certified = async () =>
      (await scrape(gateway.publisher)).get('walrus_edge_uploads_total{outcome="certified"}');
    await expect.poll(certified, { timeout: 20_000, interval: 250 }).toBe("4");
    const page = await scrape(gateway.publisher);
    const valueOf = (series: string) => page.get(series);
    // Three blobs and the anchor, each registered and certified, and the name was written twice.
    expect(await moveCalls(rpc, "insert_or_update_metadata_pair")).toBe(2);
    expect(valueOf('submitted{workload="write"}')).toBe(String(2 * 4 + 2));
    // One address alone is never refilled.
    expect([valueOf("gas_refill"), valueOf("wal_refill")]).toEqual(["0", "0"]);
    const { balances } = (await (await fetch(`${rpc}/admin/state`)).json()) as {
      balances: Record<string, string>;
    };
    for (const [series, type] of [
      ["walrus_edge_wallet_balance_frost", "::wal::WAL"],
      ["walrus_edge_wallet_balance_mist", "::sui::SUI"],
    ] as const) {
      const held = Object.entries(balances).find(([coin]) => coin.endsWith(type))?.[1];
      expect(valueOf(`${series}{address="${wallet.address}"}`)).toBe(held);
    }
    expect(valueOf("walrus_edge_leases")).toBe("4");
    expect(valueOf('walrus_edge_scrape_ok{source="leases"}')).toBe("1");
  });

  test("is there after the gateway has died, and its anchor is one blob with one lease", async () => {
    const before = await moveCalls(network.description.rpc, "register_blob");
    await gateway.close();
    gateway = await start();
    const changed = await put("site", first, { "if-match": '"v2"' });
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"v3"']);
    expect((await viewOf(changed)).anchor).toEqual(anchor);
    expect(await moveCalls(network.description.rpc, "register_blob")).toBe(before);
  });

  test("tells its history with the transactions that wrote it, and ends", async () => {
    const gone = await gateway.operator("/edge/v1/names/site", {
      method: "DELETE",
      headers: { "if-match": '"v3"' },
    });
    expect(await viewOf(gone)).toMatchObject({ version: 4, blobId: null });
    expect((await gateway.publisher("/edge/v1/names/site")).status).toBe(404);
    expect(await resolveOnChain(official.walrus, anchor)).toBeNull();
    const history = await gateway.publisher("/edge/v1/names/site/versions");
    const { versions } = (await history.json()) as { versions: NameView[] };
    expect(versions.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    for (const { txDigest } of versions) {
      const found = await official.sui.core.getTransaction({
        digest: txDigest,
        include: { effects: true },
      });
      expect(found.Transaction?.status.success).toBe(true);
    }
  });

  test.each([
    ["a blob ID that is none", { blobId: "short" }, "blobId"],
    [
      "an object that is no Blob of it",
      { blobId: "A".repeat(43), objectId: `0x${"0".repeat(63)}9` },
      "objectId",
    ],
  ])("refuses %s", async (_, target, parameter) => {
    const refused = await put("other", target);
    expect([refused.status, await detailOf(refused)]).toMatchObject([
      400,
      { metadata: { parameter } },
    ]);
  });

  test.each(["-first", "with%20space", "x".repeat(97), "a%2Fb"])(
    "%s cannot be one",
    async (name) => {
      expect((await put(name, { blobId: "A".repeat(43) })).status).toBe(400);
    },
  );
});

describe("names", () => {
  interface Page {
    readonly names: readonly { readonly name: string; readonly blobId: string }[];
    readonly next: string | null;
  }
  const page = async (query: string) => {
    const response = await gateway.publisher(`/edge/v1/names?${query}`);
    return (await response.json()) as Page;
  };
  const told = ({ names }: Page) => names.map(({ name }) => name);

  test("are listed in their order, by pages and by how they begin", async () => {
    const target = await storedObject(4);
    const names = ["img.a", "img.b", "img.c", "img.d", "Z", "index", "later"];
    const made = await Promise.all(names.map((name) => put(name, target)));
    expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]));
    await gateway.operator("/edge/v1/names/later", { method: "DELETE" });

    const all = await page("");
    expect(told(all)).toEqual(["Z", "img.a", "img.b", "img.c", "img.d", "index"]);
    expect(all.next).toBeNull();
    const one = (await (await gateway.publisher("/edge/v1/names/img.a")).json()) as object;
    expect(all.names[1]).toEqual(one);
    const first = await page("prefix=img.&limit=3");
    expect([told(first), first.next]).toEqual([["img.a", "img.b", "img.c"], "img.c"]);
    const rest = await page(`prefix=img.&limit=3&after=${first.next}`);
    expect([told(rest), rest.next]).toEqual([["img.d"], null]);
    expect(told(await page("prefix=nothing"))).toEqual([]);
    for (const query of ["prefix=%20", "after=-", "limit=0", "limit=501", "limit=1&limit=1"]) {
      expect((await gateway.publisher(`/edge/v1/names?${query}`)).status, query).toBe(400);
    }
  });

  test("find the objects they point at", async () => {
    const pointed = await storedObject(5);
    const twin = await storedObject(5);
    expect(twin.blobId).toBe(pointed.blobId);
    await put("one-object", pointed);
    await put("one-blob", { blobId: pointed.blobId });
    const found = async (query: string) => {
      const response = await gateway.publisher(`/edge/v1/objects?${query}`);
      const { objects } = (await response.json()) as { objects: { objectId: string }[] };
      return objects.map(({ objectId }) => objectId);
    };
    expect(await found("name=one-object")).toEqual([pointed.objectId]);
    expect(await found("name=one-blob")).toEqual([twin.objectId, pointed.objectId]);
    expect(await found("name=one-object&end_epoch_max=1")).toEqual([]);
    expect(await found("name=no-such-name")).toEqual([]);
    expect((await gateway.publisher("/edge/v1/objects?name=b*")).status).toBe(400);
  });

  test("live on anchors that are renewed, before anything else", async () => {
    const view = await viewOf(await gateway.publisher("/edge/v1/names/index"));
    const endOf = async () => {
      official.walrus.reset();
      const blob = await official.walrus.getBlobObject(view.anchor.objectId);
      return blob.storage.end_epoch;
    };
    const before = await endOf();
    await gateway.cron();
    expect(await endOf()).toBeGreaterThan(before);
    // The extension has given the anchor another version: the next change finds out.
    const target = await storedObject(6);
    const changed = await put("index", target, { "if-match": '"v1"' });
    expect(changed.status).toBe(200);
    expect((await viewOf(changed)).anchor).toEqual(view.anchor);
    expect(await resolveOnChain(official.walrus, view.anchor)).toEqual({ version: 2, ...target });
  });
});
