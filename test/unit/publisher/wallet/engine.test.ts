/** The wallet over the real ledger and contract: paid once, whatever breaks. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Chain } from "../../../../shared/sui/chain.ts";
import type {
  Registered,
  WalletDone,
  WalletReply,
} from "../../../../workers/publisher/wallet/commands.ts";
import { type WalletEngine } from "../../../../workers/publisher/wallet/engine.ts";
import type { JournalStore } from "../../../../workers/publisher/wallet/journal.ts";
import { createJournalStore } from "../../../../workers/publisher/wallet/journal-store.ts";
import { setPrices } from "../../../devnet/walrus-contract/operations.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  sleepingClock,
  startChainWorld,
} from "../../../support/chain-world.ts";
import { memorySql } from "../../../support/memory-sql.ts";

let world: ChainWorld;
let journal: JournalStore;
let wallet: WalletEngine;

class Crash extends Error {}

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 10n, wal: 1_000n });
  journal = createJournalStore(memorySql(), sleepingClock(), async () => undefined);
  wallet = engine();
});

/** A wallet over the same journal, as after a restart. */
function engine(chain: Chain = world.chain): WalletEngine {
  return chainWallet({ chain, signer: world.signer }, { journal });
}

function register(id: string, root: number, epochs = 3, deletable = true) {
  return { kind: "register", id, ...claimedBlob(root), epochs, deletable } as const;
}

function done<Kind extends WalletDone["kind"]>(
  reply: WalletReply,
  kind: Kind,
): Extract<WalletDone, { kind: Kind }> {
  if (!reply.ok) throw new Error(`${kind}: ${JSON.stringify(reply.failure, bigintText)}`);
  expect(reply.value.kind).toBe(kind);
  return reply.value as Extract<WalletDone, { kind: Kind }>;
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function calls(name: string): number {
  return world.ledger.moveCalls.get(`system::${name}`) ?? 0;
}

function walBalance(): bigint {
  return world.ledger.balance(world.signer.address, world.deployment.walType);
}

async function storedBlob(root: number, epochs = 3): Promise<Registered> {
  const registered = done(await wallet.run(register(`store/${root}`, root, epochs)), "registered");
  const { blobId, blobObjectId } = registered.blob;
  const certificate = await certificateFor(world.chain, blobId, blobObjectId);
  done(
    await wallet.run({ kind: "certify", id: `certify/${root}`, blobObjectId, ...certificate }),
    "certified",
  );
  return registered;
}

describe("each command", () => {
  test("register answers with the blob object and charges the exact price", async () => {
    const registered = done(await wallet.run(register("a/register/1", 1)), "registered");
    expect(registered).toMatchObject({ costFrost: 16n, encodedBytes: 663_400, epochs: 3 });
    expect(registered.blob).toMatchObject({
      registeredEpoch: 1,
      certifiedEpoch: null,
      unencodedBytes: 1_000,
      encodingType: 1,
      deletable: true,
      storage: { startEpoch: 1, endEpoch: 4, storageBytes: 663_400 },
    });
    expect(registered.blob.blobId).toEqual(claimedBlob(1).blobId);
    expect(walBalance()).toBe(984n);
    expect(wallet.status()).toMatchObject({ spentFrost: 16n, transactionCount: 1, unresolved: [] });
  });

  test("certify certifies, and gives the blob to whom it is told", async () => {
    const { blob } = done(await wallet.run(register("a", 1)), "registered");
    const certificate = await certificateFor(world.chain, blob.blobId, blob.blobObjectId);
    const sendObjectTo = `0x${"5e".repeat(32)}`;
    const { blobObjectId } = blob;
    const certified = done(
      await wallet.run({ kind: "certify", id: "b", blobObjectId, ...certificate, sendObjectTo }),
      "certified",
    );
    expect(certified).toMatchObject({ owner: sendObjectTo, costFrost: 0n });
    const after = await world.chain.readBlobObject(blobObjectId);
    expect(after).toMatchObject({ ok: true, value: { certifiedEpoch: 1 } });
    expect(world.ledger.object(blobObjectId)?.owner).toEqual({
      kind: "address",
      address: sendObjectTo,
    });
  });

  test("extend moves several ends by one transaction, and does nothing the second time", async () => {
    const first = await storedBlob(1);
    const second = await storedBlob(2, 5);
    const before = world.ledger.userTransactionCount;
    const extensions = [
      { blobObjectId: first.blob.blobObjectId, toEndEpoch: 6 },
      { blobObjectId: second.blob.blobObjectId, toEndEpoch: 8 },
    ];
    const extended = done(await wallet.run({ kind: "extend", id: "x", extensions }), "extended");
    expect(extended.ends.map((end) => [end.fromEndEpoch, end.endEpoch])).toEqual([
      [4, 6],
      [6, 8],
    ]);
    expect(extended.costFrost).toBe(20n);
    expect(world.ledger.userTransactionCount).toBe(before + 1);
    const again = done(await wallet.run({ kind: "extend", id: "y", extensions }), "extended");
    expect(again).toMatchObject({ txDigest: null, costFrost: 0n });
    expect(world.ledger.userTransactionCount).toBe(before + 1);
  });

  test("delete deletes a deletable blob", async () => {
    const { blob } = await storedBlob(1);
    const { blobObjectId } = blob;
    done(await wallet.run({ kind: "delete", id: "d", blobObjectId }), "deleted");
    expect(world.ledger.object(blobObjectId)).toBeUndefined();
    const gone = await wallet.run({ kind: "delete", id: "e", blobObjectId });
    expect(gone).toMatchObject({ failure: { kind: "blob-unusable", reason: "not-found" } });
  });

  test("WAL and SUI in many coins are put together", async () => {
    world = startChainWorld();
    wallet = engine();
    for (let coin = 0; coin < 6; coin++) world.fund({ sui: 20_000_000n, wal: 3n });
    done(await wallet.run(register("a", 1)), "registered");
    expect(walBalance()).toBe(2n);
  });
});

describe("a repeated command", () => {
  test("has the same answer and is paid once", async () => {
    const command = register("a", 1);
    const [first, second] = await Promise.all([wallet.run(command), wallet.run(command)]);
    expect(second).toEqual(first);
    expect(await engine().run(command)).toEqual(first);
    expect(calls("register_blob")).toBe(1);
  });

  test("with another content is refused", async () => {
    done(await wallet.run(register("a", 1)), "registered");
    expect(await wallet.run(register("a", 2))).toEqual({
      ok: false,
      failure: { kind: "id-reused", id: "a" },
    });
  });

  test("a malformed command is refused before anything is read", async () => {
    expect(await wallet.run({ ...register("a", 1), epochs: 0 })).toMatchObject({
      failure: { kind: "invalid-command" },
    });
    expect(await wallet.run(register("", 1))).toMatchObject({
      failure: { kind: "invalid-command" },
    });
    expect(world.calls).toEqual([]);
  });
});

describe("too little money", () => {
  test("of WAL is refused before anything is spent, and works once it is there", async () => {
    const command = register("a", 1, 53);
    world = startChainWorld();
    wallet = engine();
    world.fund({ sui: 10n ** 9n, wal: 265n });
    expect(await wallet.run(command)).toEqual({
      ok: false,
      failure: { kind: "insufficient-wal", neededFrost: 266n, heldFrost: 265n },
    });
    expect(world.ledger.userTransactionCount).toBe(0);
    world.fund({ wal: 1n });
    done(await wallet.run(command), "registered");
    expect(walBalance()).toBe(0n);
  });

  test("of SUI is refused before anything is signed", async () => {
    world = startChainWorld();
    wallet = engine();
    world.fund({ sui: 106_999_999n, wal: 1_000n });
    expect(await wallet.run(register("a", 1))).toEqual({
      ok: false,
      failure: { kind: "insufficient-sui", neededMist: 107_000_000n, heldMist: 106_999_999n },
    });
    expect(journal.open()).toEqual([]);
  });
});

describe("what breaks on the way", () => {
  test("a crash between signing and submitting: the same bytes are submitted later", async () => {
    const crashing: Chain = {
      ...world.chain,
      submit: () => Promise.reject(new Crash("isolate is gone")),
    };
    await expect(engine(crashing).run(register("a", 1))).rejects.toThrow(Crash);
    const [left] = journal.open();
    const digest = left?.digest;
    expect(world.ledger.userTransactionCount).toBe(0);

    expect(await engine().resume()).toBe(true);
    const registered = done(await engine().run(register("a", 1)), "registered");
    expect(registered.txDigest).toBe(digest);
    expect(calls("register_blob")).toBe(1);
  });

  test("a crash after execution: nothing is paid a second time", async () => {
    const crashing: Chain = {
      ...world.chain,
      submit: async (bytes, signature) => {
        await world.chain.submit(bytes, signature);
        throw new Crash("isolate is gone");
      },
    };
    await expect(engine(crashing).run(register("a", 1))).rejects.toThrow(Crash);
    done(await engine().run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(1);
    expect(walBalance()).toBe(984n);
  });

  test("a lost reply: the effects are found", async () => {
    world.faults.fault = "lose-reply";
    const registered = done(await wallet.run(register("a", 1)), "registered");
    expect(registered.costFrost).toBe(16n);
    expect(calls("register_blob")).toBe(1);
  });

  test("execution later than the answer: one transaction, found in the end", async () => {
    world.faults.fault = "execute-later";
    done(await wallet.run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(1);
  });

  test("a node that goes away after signing: fate unknown, other commands wait, then it clears", async () => {
    world.intercept = (method) => {
      if (method === "ExecuteTransaction") world.faults.fault = "down";
    };
    const unknown = await wallet.run(register("a", 1));
    expect(unknown).toMatchObject({ failure: { kind: "fate-unknown" } });
    expect(wallet.status().unresolved).toHaveLength(1);
    world.faults.fault = "down";
    expect(await wallet.run(register("b", 2))).toMatchObject({ failure: { kind: "wallet-busy" } });
    world.intercept = null;
    world.faults.fault = null;
    done(await wallet.run(register("b", 2)), "registered");
    done(await wallet.run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(2);
  });

  test("the bytes of a transaction that ran are no other command's: read again, paid for each", async () => {
    // Twice: two uploads of the same content want the same bytes where the chain looks the same.
    const first = done(await wallet.run(register("a", 1)), "registered");
    let staleReads = 2;
    const behind: Chain = {
      ...world.chain,
      async listCoins(...args) {
        world.faults.fault = staleReads-- > 0 ? "stale-read" : null;
        world.faults.staleTransactions = 1;
        const listed = await world.chain.listCoins(...args);
        world.faults.fault = null;
        return listed;
      },
    };
    const second = done(await engine(behind).run(register("b", 1)), "registered");
    expect(second.txDigest).not.toBe(first.txDigest);
    expect(second.blob.blobObjectId).not.toBe(first.blob.blobObjectId);
    expect(walBalance()).toBe(1_000n - 2n * 16n);
    expect(wallet.status()).toMatchObject({ spentFrost: 32n, transactionCount: 2 });
  });

  test("coins read at a stale version: read again, paid once", async () => {
    done(await wallet.run(register("a", 1)), "registered");
    let staleReads = 2;
    const lagging: Chain = {
      ...world.chain,
      listCoins: async (owner, coinType) => {
        if (staleReads-- > 0) world.faults.fault = "stale-read";
        world.faults.staleTransactions = 1;
        const coins = await world.chain.listCoins(owner, coinType);
        world.faults.fault = null;
        return coins;
      },
    };
    done(await engine(lagging).run(register("b", 2)), "registered");
    expect(calls("register_blob")).toBe(2);
    expect(walBalance()).toBe(968n);
  });

  test("a passed expiration: a new transaction is signed", async () => {
    const crashing: Chain = {
      ...world.chain,
      submit: () => Promise.reject(new Crash("isolate is gone")),
    };
    await expect(engine(crashing).run(register("a", 1))).rejects.toThrow(Crash);
    world.ledger.advanceSuiEpoch();
    world.ledger.advanceSuiEpoch();
    done(await engine().run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(1);
  });

  test("its coin spent by another: a new transaction is signed", async () => {
    const crashing: Chain = {
      ...world.chain,
      submit: () => Promise.reject(new Crash("isolate is gone")),
    };
    await expect(engine(crashing).run(register("a", 1))).rejects.toThrow(Crash);
    const elsewhere = chainWallet(world);
    done(await elsewhere.run(register("b", 2)), "registered");
    done(await engine().run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(2);
  });
});

describe("a transaction that runs and fails", () => {
  test("for congestion is tried again, its gas booked", async () => {
    world.ledger.congest([world.deployment.systemId], 2);
    const registered = done(await wallet.run(register("a", 1)), "registered");
    expect(calls("register_blob")).toBe(1);
    expect(wallet.status().transactionCount).toBe(3);
    expect(registered.gasMist).toBe(wallet.status().gasMist);
  });

  test("for a price that has moved costs no WAL and is tried again with the new price", async () => {
    let moved = false;
    const moving: Chain = {
      ...world.chain,
      submit: (bytes, signature) => {
        if (!moved) {
          world.ledger.runSystem((context) =>
            setPrices(context, world.deployment, { storagePrice: 7n, writePrice: 1n }),
          );
          moved = true;
        }
        return world.chain.submit(bytes, signature);
      },
    };
    const registered = done(await engine(moving).run(register("a", 1)), "registered");
    expect(registered.costFrost).toBe(22n);
    expect(walBalance()).toBe(978n);
  });

  test("for a certificate of a past epoch tells the caller to collect again", async () => {
    const { blob } = done(await wallet.run(register("a", 1)), "registered");
    const { blobId, blobObjectId } = blob;
    const early = await certificateFor(world.chain, blobId, blobObjectId, { epoch: 2 });
    const reply = await wallet.run({ kind: "certify", id: "b", blobObjectId, ...early });
    expect(reply).toMatchObject({ failure: { kind: "wrong-epoch", txDigest: expect.any(String) } });
    const count = world.ledger.userTransactionCount;
    const late = await certificateFor(world.chain, blobId, blobObjectId, { epoch: 0 });
    expect(await wallet.run({ kind: "certify", id: "c", blobObjectId, ...late })).toEqual({
      ok: false,
      failure: { kind: "wrong-epoch", txDigest: null, gasMist: 0n },
    });
    expect(world.ledger.userTransactionCount).toBe(count);
  });

  test("for a signature over other bytes is final", async () => {
    const { blob } = done(await wallet.run(register("a", 1)), "registered");
    const { blobId, blobObjectId } = blob;
    const certificate = await certificateFor(world.chain, blobId, blobObjectId);
    const other = await certificateFor(world.chain, blobId, null);
    const { message } = other;
    expect(
      await wallet.run({ kind: "certify", id: "b", blobObjectId, ...certificate, message }),
    ).toMatchObject({
      failure: {
        kind: "execution-failed",
        failure: { kind: "move-abort", module: "bls_aggregate" },
      },
    });
  });

  test("for a contract rule is final: the same answer again, no further gas", async () => {
    const command = { ...register("a", 1), rootHash: new Uint8Array(32).fill(77) };
    const failed = await wallet.run(command);
    expect(failed).toMatchObject({
      failure: {
        kind: "execution-failed",
        attempts: 1,
        failure: { kind: "move-abort", module: "blob", abortCode: 6n },
      },
    });
    const count = world.ledger.userTransactionCount;
    expect(await wallet.run(command)).toEqual(failed);
    expect(world.ledger.userTransactionCount).toBe(count);
    expect(walBalance()).toBe(1_000n);
  });
});
