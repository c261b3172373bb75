/** Changes to objects and names on condition, and changes that are asked for again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { jsonOf as json, moveCalls, problemOf, storedBlob } from "../support/answers.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { subjectAsks } from "../support/subjects.ts";

const SECRET = "a secret of the test alone";

let network: Network;
let gateway: TestGateway;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "publisher-changes" });
  gateway = await startTestGateway(network, {
    vars: { publisher: { OPEN_WRITES: "false", JWT_SECRET: SECRET } },
  });
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const { ask, put } = subjectAsks(() => gateway, SECRET);

describe("a change on condition", () => {
  const change = (id: string, color: string, headers: Record<string, string>) =>
    ask("PATCH", `/edge/v1/objects/${id}`, {
      body: JSON.stringify({ attributes: { color } }),
      headers,
    });
  const tagOf = (response: Response) => response.headers.get("etag") ?? "";

  test("is made to the version that is named, of which one can be changed only once", async () => {
    const { id } = await storedBlob(await put("/v1/blobs?epochs=2", "on condition"));
    const first = tagOf(await ask("GET", `/edge/v1/objects/${id}`));
    const answers = await Promise.all(
      ["red", "blue"].map((color) => change(id, color, { "if-match": first })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
    const won = answers.find(({ ok }) => ok);
    const lost = answers.find(({ ok }) => !ok);
    if (won === undefined || lost === undefined) throw new Error("no winner, or no loser");
    const now = await ask("GET", `/edge/v1/objects/${id}`);
    expect(tagOf(now)).toBe(tagOf(won));
    const { version, attributes } = (await won.json()) as { version: string; attributes: object };
    expect(`"${version}"`).toBe(tagOf(now));
    expect(await json(now)).toMatchObject({ version, attributes });
    expect(tagOf(lost)).toBe(tagOf(now));
    expect(await problemOf(lost)).toMatchObject({ reason: "OBJECT_CHANGED" });

    const same = await ask("GET", `/edge/v1/objects/${id}`, {
      headers: { "if-none-match": tagOf(now) },
    });
    expect([same.status, await same.text()]).toEqual([304, ""]);
  });

  test("is refused before anything is paid, whatever it is", async () => {
    const { id } = await storedBlob(await put("/v1/blobs?epochs=2", "not so"));
    const path = `/edge/v1/objects/${id}`;
    const before = tagOf(await ask("GET", path));
    const done = await change(id, "red", { "if-match": "*" });
    expect(done.status).toBe(200);
    const extension = JSON.stringify({ epochs: 1 });
    for (const [method, suffix, body] of [
      ["PATCH", "", JSON.stringify({ attributes: { color: "blue" } })],
      ["POST", "/extend", extension],
      ["DELETE", "", undefined],
    ] as const) {
      const conditions = [
        { "if-match": before },
        { "if-match": `W/${tagOf(done)}` },
        { "if-match": '"99999999999999999999"' },
        { "if-none-match": "*" },
      ] as const;
      for (const headers of conditions) {
        const init = { headers, ...(body === undefined ? {} : { body }) };
        const refused = await ask(method, path + suffix, init);
        expect([refused.status, tagOf(refused)], `${method} ${JSON.stringify(headers)}`).toEqual([
          412,
          tagOf(done),
        ]);
      }
    }
    expect(tagOf(await ask("GET", path))).toBe(tagOf(done));

    const extended = await ask("POST", `${path}/extend`, {
      body: extension,
      headers: { "if-match": tagOf(done) },
    });
    expect(extended.status).toBe(200);
    expect(tagOf(await ask("GET", path))).toBe(tagOf(extended));
    const headers = { "if-match": `"1", ${tagOf(extended)}` };
    expect((await ask("DELETE", path, { headers })).status).toBe(200);
  });
});

describe("a change that is repeated with its key", () => {
  /** What a client sees of an answer. */
  const seen = async (response: Response) => [
    response.status,
    response.headers.get("etag"),
    await response.text(),
  ];
  const transactions = async () => {
    const state = await fetch(`${network.description.rpc}/admin/state`);
    return (await json<{ transactions: number }>(state)).transactions;
  };

  test("gets the stored answer, also when the object has changed or is gone since", async () => {
    const { id } = await storedBlob(await put("/v1/blobs?epochs=2", "again and again"));
    const path = `/edge/v1/objects/${id}`;
    const etag = (await ask("GET", path)).headers.get("etag") ?? "";
    const body = JSON.stringify({ attributes: { color: "red" } });
    const key = { "idempotency-key": "k" };
    const requests = {
      patch: () => ask("PATCH", path, { body, headers: { ...key, "if-match": etag } }),
      extend: () => ask("POST", `${path}/extend`, { body: '{"epochs":1}', headers: key }),
      delete: () => ask("DELETE", path, { headers: key }),
    };
    const first = new Map<string, unknown>();
    for (const [name, send] of Object.entries(requests)) {
      const answers = await Promise.all(
        [send(), send(), send()].map(async (sent) => seen(await sent)),
      );
      expect(answers[0]?.[0], String(answers[0]?.[2])).toBe(200);
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      first.set(name, answers[0]);
    }
    const count = await transactions();
    for (const [name, send] of Object.entries(requests)) {
      expect(await seen(await send())).toEqual(first.get(name));
    }
    expect(await transactions()).toBe(count);

    // Another subject has keys of its own; another change is another.
    const foreign = await ask("DELETE", path, { headers: key, sub: "them" });
    expect(await problemOf(foreign)).toMatchObject({ status: 404, reason: "OBJECT_NOT_FOUND" });
    const other = JSON.stringify({ attributes: { color: "blue" } });
    const reused = await ask("PATCH", path, { body: other, headers: key });
    expect(await problemOf(reused)).toMatchObject({
      status: 422,
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    expect((await ask("DELETE", path)).status).toBe(404);
  });

  test("is free again after a refusal", async () => {
    const { id } = await storedBlob(await put("/v1/blobs?epochs=2", "refused first"));
    const path = `/edge/v1/objects/${id}`;
    const headers = { "idempotency-key": "free" };
    const stale = { ...headers, "if-match": '"1"' };
    expect((await ask("DELETE", path, { headers: stale })).status).toBe(412);
    expect((await ask("DELETE", path, { headers })).status).toBe(200);
  });

  test("of a store that shares its blob makes one SharedBlob", async () => {
    const before = await moveCalls(network.description.rpc, "shared_blob::new");
    const send = () =>
      put("/v1/blobs?share=true&epochs=2", "shared once", { "idempotency-key": "share" });
    const first = await seen(await send());
    expect(first[0]).toBe(200);
    expect(await seen(await send())).toEqual(first);
    expect(await moveCalls(network.description.rpc, "shared_blob::new")).toBe(before + 1);
  });

  test("of a name is one version of it, also on condition", async () => {
    const { blobId } = await storedBlob(await put("/v1/blobs?epochs=2", "named"));
    const path = "/edge/v1/names/repeated";
    const make = () =>
      put(path, JSON.stringify({ blobId }), { "if-none-match": "*", "idempotency-key": "n" });
    const made = await seen(await make());
    expect(made.slice(0, 2)).toEqual([201, '"v1"']);
    const remove = () =>
      ask("DELETE", path, { headers: { "if-match": '"v1"', "idempotency-key": "n" } });
    const removed = await seen(await remove());
    expect(removed.slice(0, 2)).toEqual([200, '"v2"']);
    expect(await seen(await make())).toEqual(made);
    expect(await seen(await remove())).toEqual(removed);
    const { versions } = await json<{ versions: unknown[] }>(await ask("GET", `${path}/versions`));
    expect(versions).toHaveLength(2);
  });
});
