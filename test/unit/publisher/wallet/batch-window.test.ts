/** How long a batch stays open: for whom it waits, and that a lone upload never does. */
import { describe, expect, test } from "vitest";
import {
  WALLET_BATCH_DEFAULT,
  WALLET_BATCH_MAX,
  WALLET_BATCH_WINDOW_MS,
  WALLET_CERTIFY_EXPECTED_MS,
} from "../../../../shared/limits.ts";
import { ok } from "../../../../shared/result.ts";
import { BatchWindow } from "../../../../workers/publisher/wallet/batch-window.ts";
import type { WalletReply } from "../../../../workers/publisher/wallet/commands.ts";
import { CommandQueue } from "../../../../workers/publisher/wallet/queue.ts";
import { claimedBlob } from "../../../support/chain-world.ts";
import { createVirtualTimer } from "../../../support/virtual-timer.ts";

function register(root: number) {
  return {
    kind: "register",
    id: `r${root}`,
    ...claimedBlob(root),
    epochs: 3,
    deletable: true,
  } as const;
}

function certify(root: number) {
  const [signature, message] = [new Uint8Array(96), new Uint8Array(72)];
  const id = `c${root}`;
  const signersBitmap = Uint8Array.of(1);
  return {
    kind: "certify",
    id,
    blobObjectId: blob(root),
    signature,
    signersBitmap,
    message,
  } as const;
}

const blob = (root: number): string => `0x${String(root).padStart(64, "0")}`;

/** What the window reads of a reply to a registration. */
function registered(root: number): WalletReply {
  return ok({ kind: "registered", blob: { objectId: blob(root) } } as never);
}

/** What the window reads of a reply to a certification. */
function certified(root: number): WalletReply {
  return ok({ kind: "certified", blobObjectId: blob(root) } as never);
}

function open(batchMax = 3) {
  const timer = createVirtualTimer(1_000_000);
  const queue = new CommandQueue(batchMax);
  const offered = { count: 0 };
  const window = new BatchWindow({
    clock: timer,
    timer,
    queue,
    offeredCount: () => offered.count,
  });
  const add = (command: Parameters<typeof queue.add>[0]) => {
    queue.add(command);
    window.came(command);
  };
  const addAfter = (ms: number, command: Parameters<typeof add>[0], before = () => {}) => {
    timer.sleep(ms).then(
      () => {
        before();
        add(command);
      },
      () => undefined,
    );
  };
  /** The next batch, and how long it was waited for. */
  const next = async () => {
    const startMs = timer.nowMs();
    await window.close();
    const taken = queue.take();
    queue.done(taken);
    return { ids: taken.map(({ command }) => command.id), waitedMs: timer.nowMs() - startMs };
  };
  return { timer, window, queue, offered, add, addAfter, next };
}

describe("the window of a batch", () => {
  test("is at most 250 ms", () => {
    expect(WALLET_BATCH_WINDOW_MS).toBeLessThanOrEqual(250);
  });

  test("holds up neither the registration nor the certificate of a lone upload", async () => {
    const { window, add, next } = open();
    add(register(1));
    expect(await next()).toEqual({ ids: ["r1"], waitedMs: 0 });
    window.ended([registered(1)]);
    add(certify(1));
    expect(await next()).toEqual({ ids: ["c1"], waitedMs: 0 });
  });

  test("waits for registrations that were offered room, and closes when it can take no more", async () => {
    const { offered, addAfter, add, next } = open();
    offered.count = 2;
    add(register(1));
    addAfter(100, register(2));
    addAfter(150, register(3));
    expect(await next()).toEqual({ ids: ["r1", "r2", "r3"], waitedMs: 150 });
    add(register(4));
    expect(await next()).toEqual({ ids: ["r4"], waitedMs: WALLET_BATCH_WINDOW_MS });
  });

  test("waits beyond 32 for those alone that are known to be on their way", async () => {
    const { queue, offered, addAfter, add, next } = open(WALLET_BATCH_MAX);
    for (let root = 1; root <= 2 * WALLET_BATCH_DEFAULT; root++) add(register(root));
    expect((await next()).ids).toHaveLength(WALLET_BATCH_DEFAULT);
    add(register(0));
    queue.grow(WALLET_BATCH_DEFAULT);
    expect((await next()).ids).toHaveLength(WALLET_BATCH_DEFAULT + 1);
    for (let root = 1; root <= WALLET_BATCH_DEFAULT; root++) add(register(root));
    expect((await next()).waitedMs).toBe(0);
    for (let root = 1; root < WALLET_BATCH_DEFAULT; root++) add(register(root));
    addAfter(100, register(WALLET_BATCH_DEFAULT));
    expect((await next()).waitedMs).toBe(100);
    offered.count = 1;
    for (let root = 1; root <= WALLET_BATCH_DEFAULT; root++) add(register(root));
    addAfter(100, register(WALLET_BATCH_DEFAULT + 1), () => (offered.count = 0));
    expect(await next()).toMatchObject({
      ids: { length: WALLET_BATCH_DEFAULT + 1 },
      waitedMs: 100,
    });
  });

  test("waits for certificates of blobs registered a moment ago, until the last has come", async () => {
    const { timer, window, addAfter, add, next } = open();
    window.ended([registered(1), registered(2), registered(3)]);
    await timer.sleep(2 * WALLET_BATCH_WINDOW_MS);
    add(certify(1));
    expect(await next()).toEqual({ ids: ["c1"], waitedMs: WALLET_BATCH_WINDOW_MS });
    window.ended([]);
    add(certify(2));
    addAfter(100, certify(3));
    expect(await next()).toEqual({ ids: ["c2", "c3"], waitedMs: 100 });
  });

  test("does not wait for certificates that are long overdue", async () => {
    const { timer, window, add, next } = open();
    window.ended([registered(1), registered(2)]);
    await timer.sleep(WALLET_CERTIFY_EXPECTED_MS);
    add(certify(1));
    expect((await next()).waitedMs).toBe(WALLET_BATCH_WINDOW_MS);
    window.ended([]);
    window.ended([registered(3), registered(4)]);
    await timer.sleep(WALLET_CERTIFY_EXPECTED_MS + 1);
    add(certify(3));
    expect((await next()).waitedMs).toBe(0);
  });

  test("waits on a wallet that served several a moment ago", async () => {
    const { timer, window, add, next } = open();
    window.ended([registered(1), registered(2)]);
    add(register(3));
    expect(await next()).toEqual({ ids: ["r3"], waitedMs: WALLET_BATCH_WINDOW_MS });
    await timer.sleep(1);
    add(register(4));
    expect(await next()).toEqual({ ids: ["r4"], waitedMs: 0 });
  });

  test("holds up no client that stores one blob after another", async () => {
    const { window, add, next } = open();
    for (const root of [1, 2, 3]) {
      add(register(root));
      expect((await next()).waitedMs).toBe(0);
      window.ended([registered(root)]);
      add(certify(root));
      expect((await next()).waitedMs).toBe(0);
      window.ended([certified(root)]);
    }
  });
});
