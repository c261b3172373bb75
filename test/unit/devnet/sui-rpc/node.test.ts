/** The RPC node as a server: faults, framing, read masks, CORS, a real socket. */
import { GrpcStatusCode, GrpcTypes, SuiGrpcClient } from "@mysten/sui/grpc";
import { Transaction } from "@mysten/sui/transactions";
import { beforeEach, describe, expect, test } from "vitest";
import { PortTakenError } from "../../../devnet/listen.ts";
import { serve } from "../../../devnet/sui-rpc/serve.ts";
import { SUI_TYPE } from "../../../devnet/ledger/move-types.ts";
import { STORAGE_ID } from "../ledger/counter-package.ts";
import { buildOffline, sharedCounter, startWorld, SUI, type World } from "../ledger/harness.ts";

let world: World;
beforeEach(() => {
  world = startWorld();
});

function increment(tx: Transaction): void {
  tx.moveCall({
    target: `${STORAGE_ID}::counter::increment`,
    arguments: [sharedCounter(world, tx), tx.pure.u64(1)],
  });
}

async function signed(): Promise<{ transaction: Uint8Array; signatures: string[] }> {
  const transaction = await buildOffline(world, increment);
  const { signature } = await world.alice.signTransaction(transaction);
  return { transaction, signatures: [signature] };
}

function count(): bigint {
  const counter = world.ledger.objectValue(world.counterId);
  if (counter === undefined) throw new Error("no counter");
  return (counter.value as { count: bigint }).count;
}

async function statusOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown as Error & { readonly code?: string },
  );
  return error === null ? "no failure" : `${error.code ?? ""}: ${error.message}`;
}

describe("faults", () => {
  test("down refuses everything with 503 and comes back", async () => {
    world.faults.fault = "down";
    expect(await statusOf(world.client.core.getReferenceGasPrice())).toContain("UNAVAILABLE");
    world.faults.fault = null;
    expect((await world.client.core.getReferenceGasPrice()).referenceGasPrice).toBe("1000");
  });

  test("slow waits before each answer", async () => {
    world.faults.fault = "slow";
    world.faults.slowMs = 123;
    await world.client.core.getReferenceGasPrice();
    expect(world.sleeps).toEqual([123]);
  });

  test("lose-reply runs the transaction and says nothing; the same bytes then give the effects", async () => {
    const request = await signed();
    world.faults.fault = "lose-reply";
    await expect(world.client.core.executeTransaction(request)).rejects.toThrow(
      "dropped on purpose",
    );
    expect(count()).toBe(1n);
    world.faults.fault = null;
    const again = await world.client.core.executeTransaction(request);
    expect(again.$kind).toBe("Transaction");
    expect(count()).toBe(1n);
  });

  test("stale-read answers from the past, transactions included", async () => {
    const { Transaction: done } = await world.client.core.executeTransaction(await signed());
    world.faults.fault = "stale-read";
    world.faults.staleTransactions = 1;
    const { object } = await world.client.core.getObject({
      objectId: world.counterId,
      include: { json: true },
    });
    expect(object.json).toMatchObject({ count: "0" });
    await expect(world.client.core.getTransaction({ digest: done!.digest })).rejects.toThrow(
      done!.digest,
    );
    const owner = world.alice.toSuiAddress();
    expect((await world.client.core.getBalance({ owner })).balance.balance).toBe(String(10n * SUI));
    world.faults.fault = null;
    expect(BigInt((await world.client.core.getBalance({ owner })).balance.balance)).toBeLessThan(
      10n * SUI,
    );
  });

  test("a lagging node builds on stale gas, which is then refused", async () => {
    await world.client.core.executeTransaction(await signed());
    world.faults.fault = "stale-read";
    world.faults.staleTransactions = 1;
    const tx = new Transaction();
    tx.moveCall({
      target: `${STORAGE_ID}::counter::increment`,
      arguments: [tx.object(world.counterId), tx.pure.u64(1)],
    });
    const status = await statusOf(
      world.client.core.signAndExecuteTransaction({ transaction: tx, signer: world.alice }),
    );
    expect(status).toContain("is unavailable for consumption, current version");
  });

  test("execute-later holds the objects and runs after later calls", async () => {
    const request = await signed();
    const rival = await buildOffline(world, (tx) => {
      tx.transferObjects([tx.splitCoins(tx.gas, [1n])], world.bob.toSuiAddress());
    });
    world.faults.fault = "execute-later";
    world.faults.laterCalls = 2;
    expect(await statusOf(world.client.core.executeTransaction(request))).toContain(
      "DEADLINE_EXCEEDED",
    );
    expect(count()).toBe(0n);
    world.faults.fault = null;
    const { signature } = await world.alice.signTransaction(rival);
    expect(
      await statusOf(
        world.client.core.executeTransaction({ transaction: rival, signatures: [signature] }),
      ),
    ).toContain("already locked by a different transaction");
    expect(count()).toBe(0n);
    await world.client.core.getReferenceGasPrice();
    expect(count()).toBe(1n);
    expect((await world.client.core.executeTransaction(request)).$kind).toBe("Transaction");
    expect(world.ledger.userTransactionCount).toBe(1);
  });
});

describe("wire", () => {
  test("a refused transaction is INVALID_ARGUMENT with the validators' words", async () => {
    const request = await signed();
    const { signature } = await world.bob.signTransaction(request.transaction);
    const status = await statusOf(
      world.client.core.executeTransaction({ ...request, signatures: [signature] }),
    );
    expect(status).toMatch(/^INVALID_ARGUMENT: Transaction is rejected as invalid/);
    expect(status).toContain("Required Signature");
  });

  test("an unknown method is UNIMPLEMENTED, a malformed body INVALID_ARGUMENT", async () => {
    const call = async (path: string, body: Uint8Array<ArrayBuffer>) => {
      const response = await world.fetch(`http://ledger.local/${path}`, {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto" },
        body,
      });
      const text = new TextDecoder().decode(await response.arrayBuffer());
      return /grpc-status: (\d+)/.exec(text)?.[1];
    };
    const empty = new Uint8Array(5);
    expect(await call("sui.rpc.v2.LedgerService/Nothing", empty)).toBe(
      String(GrpcStatusCode.UNIMPLEMENTED),
    );
    expect(await call("sui.rpc.v2.LedgerService/GetEpoch", new Uint8Array(3))).toBe(
      String(GrpcStatusCode.INVALID_ARGUMENT),
    );
    expect(await call("sui.rpc.v2.LedgerService/GetEpoch", empty)).toBe("0");
  });

  test("other paths are left to the caller, other content types refused", async () => {
    expect((await world.fetch("http://ledger.local/admin/state")).status).toBe(404);
    const plain = await world.fetch("http://ledger.local/sui.rpc.v2.LedgerService/GetEpoch", {
      method: "POST",
      body: "{}",
    });
    expect(plain.status).toBe(415);
  });

  test("browsers may call it", async () => {
    const preflight = await world.fetch("http://ledger.local/sui.rpc.v2.LedgerService/GetEpoch", {
      method: "OPTIONS",
      headers: { origin: "http://app.example" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("read masks decide what comes back, and a wrong path is refused", async () => {
    const read = async (paths: string[]) =>
      (
        await world.client.ledgerService.getObject({
          objectId: world.counterId,
          readMask: { paths },
        })
      ).response.object;
    const owner = await read(["owner.version"]);
    expect(owner?.owner?.version).toBe(1n);
    expect(owner?.owner?.kind).toBeUndefined();
    expect(owner?.objectId).toBeUndefined();
    expect(await statusOf(read(["no_such_field"]))).toContain("INVALID_ARGUMENT");
    const usual = await world.client.ledgerService.getObject({ objectId: world.counterId });
    expect(Object.keys(usual.response.object ?? {}).sort()).toEqual([
      "digest",
      "objectId",
      "version",
    ]);
  });

  test("an older version of an object, batches of transactions and checkpoints can be read", async () => {
    const { Transaction: done } = await world.client.core.executeTransaction(await signed());
    const { response } = await world.client.ledgerService.getObject({
      objectId: world.counterId,
      version: 1n,
      readMask: { paths: ["json"] },
    });
    expect(GrpcTypes.Object.toJson(response.object!)).toMatchObject({ json: { count: "0" } });
    const batch = await world.client.ledgerService.batchGetTransactions({
      digests: [done!.digest, "1".repeat(32)],
    });
    expect(batch.response.transactions.map(({ result }) => result.oneofKind)).toEqual([
      "transaction",
      "error",
    ]);
    const checkpoint = await world.client.ledgerService.getCheckpoint({
      checkpointId: { oneofKind: undefined },
      readMask: { paths: ["summary.total_network_transactions", "transactions.digest"] },
    });
    expect(checkpoint.response.checkpoint?.transactions.map(({ digest }) => digest)).toEqual([
      done!.digest,
    ]);
  });

  test("packages describe their types and functions", async () => {
    const { response } = await world.client.movePackageService.getPackage({
      packageId: STORAGE_ID,
    });
    const counter = response.package?.modules.find(({ name }) => name === "counter");
    expect(counter?.functions.map(({ name }) => name)).toContain("increment");
    const datatype = await world.client.movePackageService.getDatatype({
      packageId: STORAGE_ID,
      moduleName: "counter",
      name: "Counter",
    });
    expect(datatype.response.datatype?.fields.map(({ name }) => name)).toEqual([
      "id",
      "count",
      "label",
    ]);
  });

  test("a handler that throws answers 500 with its error", async () => {
    const server = await serve(() => Promise.reject(new Error("broken handler")));
    try {
      const response = await fetch(server.url);
      expect(response.status).toBe(500);
      expect(await response.text()).toContain("broken handler");
    } finally {
      await server.close();
    }
  });

  test("the node works over a real socket, and a lost reply is a broken connection", async () => {
    const server = await serve((request) => world.fetch(request));
    try {
      const client = new SuiGrpcClient({ network: "testnet", baseUrl: server.url });
      const owner = world.alice.toSuiAddress();
      expect((await client.core.getBalance({ owner, coinType: SUI_TYPE })).balance.balance).toBe(
        String(10n * SUI),
      );
      world.faults.fault = "lose-reply";
      await expect(client.core.executeTransaction(await signed())).rejects.toThrow("fetch failed");
      expect(count()).toBe(1n);
      const second = serve(() => Promise.resolve(new Response()), server.port);
      await expect(second).rejects.toThrow(new PortTakenError(server.port));
    } finally {
      await server.close();
    }
  });
});
