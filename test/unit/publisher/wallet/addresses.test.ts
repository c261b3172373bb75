/** Several addresses of one gateway, over the real ledger: who pays, who is refilled, what is left. */
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { beforeEach, describe, expect, test } from "vitest";
import {
  WALLET_ADDRESSES_MAX,
  WALLET_FATE_EXPECTED_MS,
  WALLET_GRANTS_KEPT_MS,
  WALLET_OFFER_TTL_MS,
  WALLET_QUEUE_BATCHES,
} from "../../../../shared/limits.ts";
import type { Chain } from "../../../../shared/sui/chain.ts";
import type { WalletReply } from "../../../../workers/publisher/wallet/commands.ts";
import {
  type WalletEngine,
  type WalletPorts,
} from "../../../../workers/publisher/wallet/engine.ts";
import { createJournalStore } from "../../../../workers/publisher/wallet/journal-store.ts";
import { walletKeys, type WalletKeys } from "../../../../workers/publisher/wallet/keys.ts";
import type { Offer } from "../../../../workers/publisher/wallet/offer.ts";
import { walletSettings } from "../../../../workers/publisher/wallet/settings.ts";
import { createTreasury } from "../../../../workers/publisher/wallet/treasury.ts";
import { chooseWallet } from "../../../../workers/publisher/wallet/wallets.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  type ChainWorld,
  claimedBlob,
  sleepingClock,
  startChainWorld,
  SUI,
} from "../../../support/chain-world.ts";
import { memorySql } from "../../../support/memory-sql.ts";
import { fund } from "../../../devnet/ledger/faucet.ts";
import { START_MS } from "../../devnet/walrus-contract/support.ts";

/** What each registration here costs. */
const COST = 16n;
const SUI_BELOW = 500_000_000n;
const REFILL = {
  below: { frost: 100n, mist: SUI_BELOW },
  amount: { frost: 200n, mist: 1_000_000_000n },
};

let world: ChainWorld;
let keys: WalletKeys;
let clock: ReturnType<typeof sleepingClock>;

beforeEach(() => {
  world = startChainWorld();
  clock = sleepingClock();
  const opened = walletKeys(world.secretKey);
  if (!opened.ok) throw new TypeError("the test key is refused");
  keys = opened.value;
});

const addressOf = (account: number): string => keys.signer(account).address;

function engine(account: number, ports: Partial<WalletPorts> = {}): WalletEngine {
  return chainWallet(
    { chain: world.chain, signer: keys.signer(account) },
    { clock, timer: clock, ...ports },
  );
}

function main(subCount: number, ports: Partial<WalletPorts> = {}): WalletEngine {
  const addresses = Array.from({ length: subCount }, (_, index) => addressOf(index + 1));
  return engine(0, { refill: { ...REFILL, addresses }, ...ports });
}

function register(id: string, root: number) {
  return { kind: "register", id, ...claimedBlob(root), epochs: 3, deletable: true } as const;
}

function failureOf(offer: Offer): unknown {
  return offer.kind === "refused" ? offer.failure : offer;
}

const wal = (account: number) => world.ledger.balance(addressOf(account), world.deployment.walType);
const sui = (account: number) => world.ledger.balance(addressOf(account), SUI);

describe("the keys", () => {
  test("of further addresses are derived by SLIP-0010 at Sui's own path", () => {
    const seed = "09".repeat(32);
    for (const account of [1, 2, WALLET_ADDRESSES_MAX - 1]) {
      const path = `m/44'/784'/${account}'/0'/0'`;
      expect(addressOf(account)).toBe(
        Ed25519Keypair.deriveKeypairFromSeed(seed, path).toSuiAddress(),
      );
    }
    expect(addressOf(0)).toBe(world.signer.address);
    expect(() => keys.signer(WALLET_ADDRESSES_MAX)).toThrow(RangeError);
  });

  test("of an address beyond the configured ones are found again", () => {
    const last = addressOf(WALLET_ADDRESSES_MAX - 1);
    expect(keys.find((address) => address === last)?.address).toBe(last);
    expect(keys.find((address) => address === `0x${"0".repeat(64)}`)).toBeNull();
  });

  test("are as many as configured, within bounds; a refill must lift above the threshold", () => {
    const most = String(WALLET_ADDRESSES_MAX);
    expect(walletSettings({ WALLET_ADDRESSES: most }).problems).toEqual([]);
    const tooMany = String(WALLET_ADDRESSES_MAX + 1);
    const nonsense = { WALLET_ADDRESSES: tooMany, SUB_WALLET_REFILL_MIST: "1" };
    expect(walletSettings(nonsense).problems).toHaveLength(2);
  });
});

describe("a wallet offers", () => {
  test("what it holds, less what waits: nothing is signed that cannot be paid", async () => {
    world.fund({ sui: 10n ** 10n, wal: 2n * COST });
    const wallet = engine(0);
    expect(await wallet.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    expect(await wallet.offer({ id: "b", costFrost: COST })).toEqual({ kind: "taken" });
    expect(failureOf(await wallet.offer({ id: "c", costFrost: 1n }))).toEqual({
      kind: "insufficient-wal",
      neededFrost: 2n * COST + 1n,
      heldFrost: 2n * COST,
    });
    expect(world.ledger.userTransactionCount).toBe(0);
    // The same upload again asks for nothing more.
    expect(await wallet.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    // What comes in is seen at once.
    world.fund({ wal: 1n });
    expect(await wallet.offer({ id: "c", costFrost: 1n })).toEqual({ kind: "taken" });
  });

  test("to those who ask at the same time, one after another", async () => {
    world.fund({ sui: 10n ** 10n, wal: 2n * COST });
    const wallet = engine(0, { batchMax: 1 });
    const offers = await Promise.all(
      ["a", "b", "c", "d", "e"].map((id) => wallet.offer({ id, costFrost: COST })),
    );
    const kinds = offers.map(({ kind }) => kind);
    expect(kinds).toEqual(["taken", "taken", "refused", "refused", "full"]);
  });

  test("gas for registering and certifying all that wait", async () => {
    world.fund({ sui: 114_000_000n - 1n, wal: 1_000n });
    const wallet = engine(0);
    expect(await wallet.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    expect(failureOf(await wallet.offer({ id: "b", costFrost: COST }))).toEqual({
      kind: "insufficient-sui",
      neededMist: 114_000_000n,
      heldMist: 113_999_999n,
    });
  });

  test("for a while: what nobody came for is free again", async () => {
    world.fund({ sui: 10n ** 10n, wal: COST });
    const wallet = engine(0);
    expect(await wallet.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    await clock.sleep(WALLET_OFFER_TTL_MS - 1);
    expect((await wallet.offer({ id: "b", costFrost: COST })).kind).toBe("refused");
    await clock.sleep(1);
    expect(await wallet.offer({ id: "b", costFrost: COST })).toEqual({ kind: "taken" });
  });

  test("no more than its next few transactions take, unless none has room", async () => {
    world.fund({ sui: 10n ** 10n, wal: 1_000n });
    const wallet = engine(0, { batchMax: 2 });
    const waiting = 2 * WALLET_QUEUE_BATCHES;
    for (let index = 0; index < waiting; index++) {
      const need = { id: `u${index}`, costFrost: COST };
      expect(await wallet.offer(need)).toEqual({ kind: "taken" });
    }
    expect(await wallet.offer({ id: "c", costFrost: COST })).toEqual({ kind: "full", waiting });
    const anyway = { id: "c", costFrost: COST, evenIfFull: true };
    expect(await wallet.offer(anyway)).toEqual({ kind: "taken" });
  });

  test("nothing while a transaction has an unknown fate; another address takes the upload", async () => {
    world.fund({ sui: 10n ** 10n, wal: 1_000n });
    let isHanging = true;
    const hanging: Chain = {
      ...world.chain,
      submit: (bytes, signature) =>
        isHanging
          ? Promise.resolve({
              ok: false,
              failure: {
                kind: "unknown",
                cause: { kind: "rpc-timeout", call: "executeTransaction", timeoutMs: 1 },
              },
            })
          : world.chain.submit(bytes, signature),
    };
    const first = engine(0, { chain: hanging });
    expect(await first.run(register("a", 1))).toMatchObject({ failure: { kind: "fate-unknown" } });
    await clock.sleep(WALLET_FATE_EXPECTED_MS);
    expect((await first.offer({ id: "b", costFrost: COST })).kind).toBe("refused");
    const wallets = {
      addresses: ["0x1", "0x2"],
      at: (address: string) => ({
        offer: (need: Parameters<WalletEngine["offer"]>[0]): Promise<Offer> =>
          address === "0x1" ? first.offer(need) : Promise.resolve({ kind: "taken" }),
      }),
    };
    const need = { id: "b", costFrost: COST };
    expect(await chooseWallet(wallets, need)).toEqual({ ok: true, value: "0x2" });
    // An upload that is bound to the first one stays with it.
    expect(await first.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    isHanging = false;
    expect(await first.resume()).toBe(true);
    expect(await chooseWallet(wallets, need)).toEqual({ ok: true, value: "0x1" });
  });
});

describe("an address is chosen", () => {
  const busy: Offer = { kind: "refused", failure: { kind: "wallet-busy", txDigest: "d" } };
  const poor = (heldFrost: bigint): Offer => ({
    kind: "refused",
    failure: { kind: "insufficient-wal", neededFrost: 10n, heldFrost },
  });

  async function choice(offers: Readonly<Record<string, Offer>>) {
    const wallets = {
      addresses: Object.keys(offers),
      at: (address: string) => ({
        offer: async ({ evenIfFull = false }): Promise<Offer> => {
          const offer = offers[address] ?? busy;
          return offer.kind === "full" && evenIfFull ? { kind: "taken" } : offer;
        },
      }),
    };
    return chooseWallet(wallets, { id: "u", costFrost: 10n });
  }

  test("in order, the first that takes the upload", async () => {
    expect(await choice({ a: busy, b: { kind: "taken" }, c: { kind: "taken" } })).toEqual({
      ok: true,
      value: "b",
    });
  });

  test("by the shortest queue where every one is full", async () => {
    const offers = { a: full(9), b: full(3), c: full(5) };
    expect(await choice(offers)).toEqual({ ok: true, value: "b" });
  });

  test("or the failure that passes by itself is told, before a want of money", async () => {
    expect(await choice({ a: poor(5n), b: busy })).toMatchObject({
      failure: { kind: "wallet-busy" },
    });
    expect(await choice({ a: poor(5n), b: poor(0n) })).toMatchObject({
      failure: { heldFrost: 5n },
    });
  });

  function full(waiting: number): Offer {
    return { kind: "full", waiting };
  }
});

describe("a refill", () => {
  const command = { kind: "refill", id: "refill/1" } as const;

  test("of all that are low is one transaction of what each lacks, and costs gas only", async () => {
    world.fund({ sui: 10n ** 11n, wal: 1_000n });
    fund(world.ledger, addressOf(3), { [world.deployment.walType]: REFILL.below.frost });
    const wallet = main(3);
    const reply = await wallet.run(command);
    expect(reply).toMatchObject({ value: { kind: "refilled", costFrost: 0n } });
    expect([0, 1, 2, 3].map(wal)).toEqual([600n, 200n, 200n, 100n]);
    for (const account of [1, 2, 3]) expect(sui(account)).toBe(1_000_000_000n);
    expect(world.ledger.userTransactionCount).toBe(1);
    expect(wallet.status().spentFrost).toBe(0n);
    expect(10n ** 11n - 3n * 10n ** 9n - sui(0)).toBe(wallet.status().gasMist);
    const again = await wallet.run({ ...command, id: "refill/2" });
    expect(again).toMatchObject({ value: { transfers: [], txDigest: null } });
    expect(world.ledger.userTransactionCount).toBe(1);
    expect(wallet.status()).toMatchObject({ gasRefillCount: 3, walRefillCount: 2 });
  });

  test("leaves the main address what makes an address low", async () => {
    world.fund({ sui: 10n ** 11n, wal: 100n + 2n * 200n + 199n });
    await main(3).run(command);
    expect([wal(0), wal(1), wal(2), wal(3)]).toEqual([299n, 200n, 200n, 0n]);
  });

  test("is journalled: after a crash the same bytes are sent, once", async () => {
    world.fund({ sui: 10n ** 11n, wal: 1_000n });
    const journal = createJournalStore(memorySql(), clock, async () => undefined);
    const dying = main(2, {
      journal,
      chain: { ...world.chain, submit: () => Promise.reject(new Error("isolate is gone")) },
    });
    await expect(dying.run(command)).rejects.toThrow("isolate is gone");
    const [digest] = journal.openDigests();
    const restarted = main(2, { journal });
    expect(restarted.status()).toMatchObject({ gasRefillCount: 0, walRefillCount: 0 });
    expect(await restarted.run(command)).toMatchObject({ value: { txDigest: digest } });
    expect(main(2, { journal }).status()).toMatchObject({ gasRefillCount: 2, walRefillCount: 2 });
    expect([wal(1), wal(2)]).toEqual([200n, 200n]);
    expect(world.ledger.userTransactionCount).toBe(1);
  });

  test("is asked for by an address that runs low, and by nobody but the main one carried out", async () => {
    world.fund({ sui: 10n ** 11n, wal: 1_000n });
    const first = main(1);
    const second = engine(1, { main: first, refill: { ...REFILL, addresses: [] } });
    expect((await second.offer({ id: "a", costFrost: COST })).kind).toBe("refused");
    // The wish was sent beside the refusal; what it does is in the main wallet's queue.
    await expect.poll(() => wal(1), { timeout: 30_000 }).toBe(200n);
    expect(await second.offer({ id: "a", costFrost: COST })).toEqual({ kind: "taken" });
    expect(await second.run(register("a", 1))).toMatchObject({ ok: true });
    expect(await second.run(command)).toMatchObject({ failure: { kind: "invalid-command" } });
  });
});

describe("the caps", () => {
  const CAPS = { frostPerHour: 3n * COST, frostPerDay: 100n * COST };

  test("count over all addresses, to the FROST, also when they spend at the same time", async () => {
    world.fund({ sui: 10n ** 11n, wal: 1_000n });
    await main(1).run({ kind: "refill", id: "r" });
    const treasury = createTreasury(memorySql(), CAPS);
    const wallets = [engine(0, { treasury }), engine(1, { treasury })];
    const replies: WalletReply[] = await Promise.all(
      [1, 2, 3, 4, 5].map((root) => wallets[root % 2]!.run(register(`r${root}`, root))),
    );
    expect(replies.filter(({ ok }) => ok)).toHaveLength(3);
    for (const reply of replies) {
      if (!reply.ok) expect(reply.failure).toMatchObject({ kind: "spend-capped", period: "hour" });
    }
    expect(wallets[0]!.status().spentFrost + wallets[1]!.status().spentFrost).toBe(3n * COST);
  });

  test("get back what a failed transaction did not take", async () => {
    world.fund({ sui: 10n ** 11n, wal: 1_000n });
    const treasury = createTreasury(memorySql(), CAPS);
    const wallet = engine(0, { treasury });
    const bad = { ...register("bad", 1), rootHash: new Uint8Array(32).fill(99) };
    expect(await wallet.run(bad)).toMatchObject({ failure: { kind: "execution-failed" } });
    expect((await treasury.allowance(START_MS)).leftFrost).toBe(CAPS.frostPerHour);
  });

  test("grant a transaction once, however often it is asked for", async () => {
    const treasury = createTreasury(memorySql(), CAPS);
    for (let ask = 0; ask < 3; ask++) expect(await treasury.grant("d", 2n * COST, 0)).toBe(true);
    expect(await treasury.grant("e", 2n * COST, 0)).toBe(false);
    await treasury.giveBack("d");
    expect(await treasury.grant("e", 2n * COST, 0)).toBe(true);
    treasury.collect(3_600_000);
    expect((await treasury.allowance(0)).leftFrost).toBe(CAPS.frostPerHour);
  });
});

test("grants are kept until no cap counts them, whatever our clock says of the ledger's day", async () => {
  const treasury = createTreasury(memorySql(), { frostPerHour: COST, frostPerDay: COST });
  const dayStartMs = 20_000 * 86_400_000;
  expect(await treasury.grant("d", COST, dayStartMs)).toBe(true);
  const dayEndMs = dayStartMs + 86_400_000 - 1;
  // Our clock may be a day ahead.
  treasury.collect(dayEndMs + 86_400_000 - WALLET_GRANTS_KEPT_MS);
  expect((await treasury.allowance(dayEndMs)).leftFrost).toBe(0n);
});

describe("an upload that may use storage at hand", () => {
  /** Two addresses with money, of which the second has registered and deleted a blob. */
  async function withStorageAt(
    account: number,
    epochs: number,
    walOf: (each: number) => bigint = () => 1_000n,
  ): Promise<readonly WalletEngine[]> {
    const engines = [0, 1].map((each) => engine(each));
    for (const each of [0, 1]) {
      fund(world.ledger, addressOf(each), {
        [SUI]: 10n ** 10n,
        [world.deployment.walType]: walOf(each),
      });
    }
    const owner = engines[account];
    const reply = await owner?.run({ ...register("r", 1), epochs });
    if (reply?.ok !== true || reply.value.kind !== "registered") throw new Error("not registered");
    const { objectId: blobObjectId } = reply.value.blob;
    await owner?.run({ kind: "delete", id: "d", blobObjectId });
    return engines;
  }

  const { encodedBytes } = claimedBlob(1);
  const need = (id: string, endEpoch: number) => ({
    id,
    costFrost: COST,
    space: { encodedBytes, epoch: 1, endEpoch, writeFrost: 1n },
  });
  const choose = async (engines: readonly WalletEngine[], wish: ReturnType<typeof need>) => {
    const addresses = [addressOf(0), addressOf(1)];
    const chosen = await chooseWallet(
      {
        addresses,
        at: (address) => engines[addresses.indexOf(address)] ?? engine(0),
      },
      wish,
    );
    return chosen.ok ? addresses.indexOf(chosen.value) : chosen.failure;
  };

  test("goes to the address that holds some, one upload for each piece of it", async () => {
    const engines = await withStorageAt(1, 5);
    expect(await choose(engines, need("a", 6))).toBe(1);
    // The same upload again, and one that finds it promised.
    expect(await choose(engines, need("a", 6))).toBe(1);
    expect(await choose(engines, need("b", 6))).toBe(0);
    await clock.sleep(WALLET_OFFER_TTL_MS);
    expect(await choose(engines, need("c", 6))).toBe(1);
  });

  test("goes where any other goes when nothing lasts long enough, or it may not", async () => {
    const engines = await withStorageAt(1, 5);
    expect(await choose(engines, need("long", 7))).toBe(0);
    const { space: _, ...own } = need("own", 6);
    expect(await choose(engines, own as ReturnType<typeof need>)).toBe(0);
  });

  test("pays for the writing alone there", async () => {
    const engines = await withStorageAt(1, 5);
    expect(await choose(engines, need("a", 4))).toBe(1);
    const before = wal(1);
    const reply = await engines[1]?.run({ ...register("a", 2), reuseStorage: true });
    expect(reply).toMatchObject({ ok: true, value: { reusesStorage: true } });
    expect(before - wal(1)).toBe(1n);
    expect(await choose(engines, need("b", 4))).toBe(0);
  });

  test("needs no more there than the writing costs", async () => {
    // What is left is enough for one write, and for storage nowhere.
    const engines = await withStorageAt(1, 5, (each) => (each === 1 ? 27n : 1n));
    expect([wal(0), wal(1)]).toEqual([1n, 1n]);
    expect(await choose(engines, need("a", 6))).toBe(1);
    const command = { ...register("a", 2), epochs: 5, reuseStorage: true };
    expect(await engines[1]?.run(command)).toMatchObject({ ok: true });
    expect(await choose(engines, need("b", 6))).toMatchObject({ kind: "insufficient-wal" });
  });

  test("is not held up by a chain that does not list it", async () => {
    const engines = await withStorageAt(1, 5);
    const deaf: Chain = {
      ...world.chain,
      listOwnedStorage: async () => ({
        ok: false,
        failure: { kind: "rpc-unreachable", call: "listOwnedObjects", detail: "" },
      }),
    };
    const unlisted = chainWallet({ chain: deaf, signer: keys.signer(1) }, { clock, timer: clock });
    expect(await choose([engines[0] ?? unlisted, unlisted], need("a", 6))).toBe(0);
  });
});
