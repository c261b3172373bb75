/** The wallet and the lease book on the real SQLite of Durable Objects, inside workerd. */
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { LeaseBookRpc } from "../../../workers/publisher/lease-book/leases.ts";
import { createWallet } from "../../../workers/publisher/wallet/engine.ts";
import { createJournalStore } from "../../../workers/publisher/wallet/journal-store.ts";
import {
  claimedBlob,
  GENEROUS,
  memoryLog,
  neverWakes,
  sleepingClock,
  startChainWorld,
} from "../../support/chain-world.ts";

const { LEASE_BOOKS } = env as unknown as { readonly LEASE_BOOKS: DurableObjectNamespace };

function book(name: string): LeaseBookRpc {
  return LEASE_BOOKS.getByName(name) as unknown as LeaseBookRpc;
}

function lease(id: string, endEpoch: number) {
  return {
    blobObjectId: `0x${id.padStart(64, "0")}`,
    blobId: "a".repeat(43),
    owner: `0x${"5e".repeat(32)}`,
    sub: null,
    unencodedBytes: 5_000_000_000,
    storageBytes: 66_034_000,
    deletable: true,
    startEpoch: 1,
    endEpoch,
    recordedAtMs: 1_750_000_000_000,
  };
}

describe("the lease book", () => {
  test("gives back what was recorded and never moves an end back", async () => {
    const stub = book("records");
    await stub.record(lease("1", 5));
    expect(await stub.get(lease("1", 5).blobObjectId)).toEqual(lease("1", 5));
    await stub.record(lease("1", 3));
    expect(await stub.get(lease("1", 5).blobObjectId)).toMatchObject({ endEpoch: 5 });
    await stub.updateEnds([
      { blobObjectId: lease("1", 5).blobObjectId, endEpoch: 9 },
      { blobObjectId: lease("2", 5).blobObjectId, endEpoch: 9 },
    ]);
    expect((await stub.ofBlob("a".repeat(43))).map((one) => one.endEpoch)).toEqual([9]);
    await stub.forget([lease("1", 5).blobObjectId]);
    expect(await stub.get(lease("1", 5).blobObjectId)).toBeNull();
  });

  test("tells what ends in a span of epochs, by pages", async () => {
    const stub = book("pages");
    for (let n = 1; n <= 5; n++) await stub.record(lease(String(n), n));
    const first = await stub.ending(4, { limit: 2, endingAfter: 1 });
    const rest = await stub.ending(4, { limit: 9, endingAfter: 1, after: first.next });
    expect([...first.leases, ...rest.leases].map((one) => one.endEpoch)).toEqual([2, 3, 4]);
    expect(rest.next).toBeNull();
  });

  test("keeps the last report of the renewal", async () => {
    const stub = book("reports");
    expect(await stub.lastReport()).toBeNull();
    await stub.keepReport('{"epoch":1}');
    await stub.keepReport('{"epoch":2}');
    expect(await stub.lastReport()).toBe('{"epoch":2}');
  });
});

describe("the wallet", () => {
  test("answers a repeated command from its durable journal", async () => {
    const world = startChainWorld();
    world.fund({ sui: 10n ** 10n, wal: 1_000n });
    const command = {
      kind: "register",
      id: "upload/register/0",
      ...claimedBlob(1),
      epochs: 3,
      deletable: true,
    } as const;
    const once = () =>
      runInDurableObject(LEASE_BOOKS.getByName("journal"), (_instance, state) => {
        const clock = sleepingClock();
        const { chain, signer } = world;
        const journal = createJournalStore(state.storage.sql, clock, () => state.storage.sync());
        const ports = {
          journal,
          chain,
          signer,
          clock,
          timer: clock,
          log: memoryLog(),
          treasury: GENEROUS,
          wakeAt: neverWakes,
        };
        return createWallet(ports).run(command);
      });
    const first = await once();
    expect(first).toMatchObject({ ok: true, value: { kind: "registered", costFrost: 16n } });
    expect(await once()).toEqual(first);
    expect(world.ledger.moveCalls.get("system::register_blob")).toBe(1);
  });
});
