/** The network as a whole: description, admin contract over HTTP, ports, state, many nodes. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen, PortTakenError } from "../devnet/listen.ts";
import { type Network, type NetworkState, startNetwork } from "../devnet/network/network.ts";
import { freePorts } from "../support/free-ports.ts";
import { officialClient } from "../support/sdk.ts";

const someBytes = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 37 + (index >> 7)) & 0xff);

const small = { nodeCount: 4, shardCount: 10, allowFewNodes: true };

describe("the admin contract over HTTP", () => {
  let network: Network;

  beforeAll(async () => {
    network = await startNetwork({ ...small, seed: "admin", eventLagMs: 10 });
  });
  afterAll(async () => {
    await network.close();
  });

  const post = async (path: string, body?: unknown) => {
    const response = await fetch(`${network.description.rpc}${path}`, {
      method: "POST",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const state = async () =>
    (await (await fetch(`${network.description.rpc}/admin/state`)).json()) as NetworkState;

  test("the description holds what an official client needs, unchanged", () => {
    const { description } = network;
    expect(description).toMatchObject({
      network: "testnet",
      storageNodeUrlScheme: "http",
      nShards: 10,
      epoch: 1,
      epochDurationMs: 86_400_000,
      packageConfig: {
        systemObjectId: description.systemObject,
        stakingPoolId: description.stakingObject,
      },
    });
    expect(description.nodes.flatMap(({ shards }) => shards).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, shard) => shard),
    );
    expect(description.packageIds.original).not.toBe(description.packageIds.latest);
    expect(description.wallet.secretKey).toMatch(/^suiprivkey1/);
  });

  test("changes the epoch as a whole and by halves", async () => {
    const { epoch } = await state();
    expect(await post("/admin/epoch")).toEqual({ status: 200, body: { epoch: epoch + 1 } });
    await post("/admin/epoch", { phase: "start", moveShards: 0.5 });
    expect(await state()).toMatchObject({ epoch: epoch + 2, epochChanging: true });
    await post("/admin/epoch", { phase: "finish" });
    expect(await state()).toMatchObject({ epoch: epoch + 2, epochChanging: false });
    expect((await post("/admin/epoch", { phase: "finish" })).status).toBe(400);
  });

  test("sets prices, which count at once", async () => {
    expect((await post("/admin/prices", { storagePrice: 7, writePrice: 9 })).status).toBe(200);
    const { walrus } = await officialClient(network.description);
    expect(await walrus.storageCost(1, 1)).toMatchObject({ storageCost: 7n, writeCost: 9n });
  });

  test("gives faults to nodes and takes them away", async () => {
    await post("/admin/nodes/2", { fault: "503", route: "health", times: 5 });
    expect((await state()).nodes[2]).toMatchObject({ fault: "503" });
    const { url } = network.description.nodes[2] ?? { url: "" };
    expect((await fetch(`${url}/v1/health`)).status).toBe(503);
    await post("/admin/nodes/2", { fault: null });
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    expect((await state()).nodes[2]).toMatchObject({ fault: null });
  });

  test("gives faults to the RPC, for so many requests", async () => {
    await post("/admin/rpc", { fault: "down", times: 1 });
    const ask = () =>
      fetch(`${network.description.rpc}/sui.rpc.v2.LedgerService/GetServiceInfo`, {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto" },
        body: new Uint8Array(5),
      });
    expect((await ask()).status).toBe(503);
    expect((await ask()).status).toBe(200);
  });

  test("gives SUI and WAL from the faucet, in both forms of a request", async () => {
    const address = `0x${"ab".repeat(32)}`;
    expect((await post("/faucet", { address })).status).toBe(200);
    const official = { FixedAmountRequest: { recipient: address } };
    expect((await post("/v2/gas", official)).status).toBe(200);
  });

  test("runs the cron hook, and says so when there is none", async () => {
    expect((await post("/admin/cron")).status).toBe(400);
    network.onCron(() => Promise.resolve({ outcome: "ok" }));
    expect(await post("/admin/cron")).toEqual({ status: 200, body: { outcome: "ok" } });
    network.onCron(null);
  });

  test("refuses what it does not know, naming it", async () => {
    const wrong: [string, unknown, number, string][] = [
      ["/admin/epoch", { phase: "middle" }, 400, "phase"],
      ["/admin/epoch", { moveShards: 2 }, 400, "moveShards"],
      ["/admin/nodes/2", { fault: "confused" }, 400, "fault"],
      ["/admin/nodes/2", { fault: "slow", route: "nowhere" }, 400, "route"],
      ["/admin/nodes/99", { fault: "slow" }, 400, "99"],
      ["/admin/rpc", { fault: "sideways" }, 400, "fault"],
      ["/faucet", { address: "nobody" }, 400, ""],
      ["/admin/nothing", {}, 404, "/admin/nothing"],
    ];
    for (const [path, body, status, named] of wrong) {
      const answer = await post(path, body);
      expect(answer.status).toBe(status);
      expect(answer.body["error"]).toContain(named);
    }
  });
});

describe("startNetwork()", () => {
  test("names a port that is taken, the RPC's or a node's, and leaves nothing behind", async () => {
    const port = await freePorts(10 + small.nodeCount);
    for (const taken of [port + 3, port + 10, port + 10 + small.nodeCount - 1]) {
      const holder = createServer();
      await listen(holder, taken);
      const started = startNetwork({ ...small, port });
      await expect(started).rejects.toThrow(new PortTakenError(taken));
      await new Promise((resolve) => {
        holder.close(resolve);
      });
    }
    const network = await startNetwork({ ...small, port });
    expect(network.description.rpc).toBe(`http://127.0.0.1:${port + 3}`);
    expect(network.description.nodes[0]?.url).toBe(`http://127.0.0.1:${port + 10}`);
    await network.close();
  });

  test("keeps everything in its state folder, even when the ports change", async () => {
    const stateDir = mkdtempSync(join(tmpdir(), "walrus-edge-state-"));
    const blob = someBytes(20_000);
    try {
      const first = await startNetwork({ stateDir, seed: "state" });
      const writer = await officialClient(first.description);
      const written = await writer.walrus.writeBlob({
        blob,
        deletable: false,
        epochs: 4,
        signer: writer.signer,
      });
      // Saves that overlap write to the same files.
      await Promise.all(Array.from({ length: 8 }, () => first.publish({})));
      await first.admin.changeEpoch();
      const before = first.description;
      await first.close();
      expect(existsSync(join(stateDir, "network.json"))).toBe(true);

      const second = await startNetwork({ stateDir, seed: "state" });
      try {
        expect(second.description.epoch).toBe(2);
        expect(second.description.systemObject).toBe(before.systemObject);
        expect(JSON.parse(readFileSync(join(stateDir, "network.json"), "utf8"))).toEqual(
          second.description,
        );
        const { walrus } = await officialClient(second.description, 8);
        expect(await walrus.readBlob({ blobId: written.blobId })).toEqual(blob);
        const status = await walrus.getVerifiedBlobStatus({ blobId: written.blobId });
        expect(status).toMatchObject({ type: "permanent", endEpoch: 5, initialCertifiedEpoch: 1 });
      } finally {
        await second.close();
      }
      await expect(startNetwork({ stateDir, seed: "other" })).rejects.toThrow("seed");
    } finally {
      rmSync(stateDir, { recursive: true });
    }
  });

  test("runs 100 nodes in one process", async () => {
    const network = await startNetwork({ seed: "hundred", nodeCount: 100, eventLagMs: 0 });
    try {
      const { walrus, signer } = await officialClient(network.description);
      const blob = someBytes(10_000);
      const { blobId } = await walrus.writeBlob({ blob, deletable: true, epochs: 1, signer });
      expect(await walrus.readBlob({ blobId })).toEqual(blob);
    } finally {
      await network.close();
    }
  });

  test("changes epochs by itself when asked to", async () => {
    const network = await startNetwork({
      ...small,
      seed: "clock",
      eventLagMs: 0,
      epochDurationMs: 1_000,
      automaticEpochs: true,
    });
    try {
      await expect.poll(() => network.description.epoch, { timeout: 10_000 }).toBeGreaterThan(2);
    } finally {
      await network.close();
    }
  });
});
