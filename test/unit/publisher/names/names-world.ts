/**
 * A bucket of names over a real wallet, contract and ledger, which may be killed at any step.
 *
 * What may be killed is the bucket: every SQL statement and every call of it is a boundary, before
 * and after. A killed bucket never runs another line; the next one works over the same rows.
 */
import { ok } from "../../../../shared/result.ts";
import type { Sql } from "../../../../workers/publisher/sql.ts";
import { NamesEngine, type NamesPorts } from "../../../../workers/publisher/names/engine.ts";
import { nameKey, type NameTarget } from "../../../../workers/publisher/names/name.ts";
import type { NameChange, Precondition } from "../../../../workers/publisher/names/names.ts";
import { createNameRows } from "../../../../workers/publisher/names/rows.ts";
import type { WalletCommand, WalletReply } from "../../../../workers/publisher/wallet/commands.ts";
import { type WalletEngine } from "../../../../workers/publisher/wallet/engine.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  memoryLog,
  neverWakes,
  sleepingClock,
  startChainWorld,
} from "../../../support/chain-world.ts";
import { memorySql } from "../../../support/memory-sql.ts";

/** A target that exists nowhere: nothing here reads blobs. */
export function target(letter: string): NameTarget {
  return { blobId: letter.repeat(43), objectId: null };
}

/** A wish about `name` of nobody in particular. */
export async function wish(
  id: string,
  name: string,
  to: NameTarget | null,
  precondition: Precondition = { kind: "none" },
): Promise<NameChange> {
  return { id, key: await nameKey(null, name), name, sub: null, target: to, precondition };
}

/** A bucket of one life, and how far that has come. */
export interface OpenBucket {
  /** Opens it: that alone passes boundaries. @throws {Error} When it is killed by it. */
  readonly make: () => NamesEngine;
  readonly life: { boundaries: number; isDead: boolean };
  /** Rejects when it is killed. */
  readonly death: Promise<never>;
}

/** Everything a test of names works with. */
export interface NamesWorld extends ChainWorld {
  readonly wallet: WalletEngine;
  /** Commands that reached the wallet, with what it said. */
  readonly commands: readonly { readonly command: WalletCommand; readonly reply: WalletReply }[];
  readonly readAnchor: NamesPorts["readAnchor"];
  /** Certifies anchor `seq`, which an extension of it needs. */
  certify(seq: number, blobObjectId: string): Promise<void>;
  /** A bucket over its rows; the boundary numbered `killAt` is its last. */
  open(bucket?: string, killAt?: number): OpenBucket;
}

/** Starts a ledger, a wallet and nothing else: buckets are opened by `open`. */
export async function startNamesWorld(): Promise<NamesWorld> {
  const chainWorld = startChainWorld();
  chainWorld.fund({ sui: 10n ** 13n, wal: 10n ** 12n });
  const clock = sleepingClock();
  const log = memoryLog();
  const wallet = chainWallet(chainWorld, { clock, timer: clock, log });
  const readAnchor = chainWorld.readAttributed;

  /** Certified only where something depends on it: attributes do not. */
  const openAnchor = async (bucket: string, seq: number): ReturnType<NamesPorts["openAnchor"]> => {
    const blob = { ...claimedBlob(seq), epochs: 5, deletable: false };
    const id = `anchor ${bucket} ${seq}`;
    const registered = await wallet.run({ kind: "register", id, ...blob });
    if (!registered.ok || registered.value.kind !== "registered") throw new Error("not registered");
    const { blobObjectId } = registered.value.blob;
    const views = await chainWorld.chain.readObjects([blobObjectId]);
    const version = views.ok ? views.value[0]?.version : undefined;
    if (version === undefined) throw new Error("no anchor");
    return ok({ objectId: blobObjectId, owner: wallet.status().address, objectVersion: version });
  };

  /** Certifies a blob `openAnchor` made. */
  const certify = async (seq: number, blobObjectId: string): Promise<void> => {
    const certificate = await certificateFor(chainWorld.chain, claimedBlob(seq).blobId, null);
    await wallet.run({ kind: "certify", id: `certify ${seq}`, blobObjectId, ...certificate });
  };

  const storage = new Map<string, Sql>();
  const commands: { readonly command: WalletCommand; readonly reply: WalletReply }[] = [];

  function open(bucket = "0", killAt = Infinity): OpenBucket {
    const sql = storage.get(bucket) ?? memorySql();
    storage.set(bucket, sql);
    const life = { boundaries: 0, isDead: false };
    const killed = Promise.withResolvers<never>();
    killed.promise.catch(() => undefined);
    const pass = () => {
      if (!life.isDead && life.boundaries++ < killAt) return;
      life.isDead = true;
      killed.reject(new Error("killed"));
      throw new Error("killed");
    };
    const call = async <T>(make: () => Promise<T>): Promise<T> => {
      pass();
      const answer = await make();
      pass();
      return answer;
    };
    const watched: Sql = {
      exec(query, ...bindings) {
        pass();
        const rows = sql.exec(query, ...bindings);
        pass();
        return rows;
      },
    };
    const make = () =>
      new NamesEngine({
        bucket,
        rows: createNameRows(watched),
        clock,
        timer: clock,
        log,
        wallet: () => ({
          run: (command) =>
            call(async () => {
              const reply = await wallet.run(command);
              commands.push({ command, reply });
              return reply;
            }),
        }),
        openAnchor: (seq) => call(() => openAnchor(bucket, seq)),
        readAnchor: (objectId) => call(() => readAnchor(objectId)),
        wakeAt: () => call(neverWakes),
        sync: () => call(async () => undefined),
      });
    return { make, life, death: killed.promise };
  }

  return { ...chainWorld, wallet, commands, certify, readAnchor, open };
}
