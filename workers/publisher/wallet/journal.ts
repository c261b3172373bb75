/**
 * The journal of a wallet: what it was asked, what it signed, what came of it.
 *
 * `pending → doing(attempt, digest, signed bytes) → done(reply)`. A row is written before the step
 * it announces: signed bytes are durable before they are submitted. `doing` goes back to `pending`
 * only when the transaction's fate is certain and a new one may be signed. Types and pure steps.
 */
import { err, ok } from "../../../shared/result.ts";
import type { ObjectRef } from "../../../shared/sui/chain.ts";
import type { ExtendedEnd, Transfer, WalletDone, WalletFailure, WalletReply } from "./commands.ts";

/** What is needed to phrase the answer once the effects are there. */
export type Outcome =
  | {
      readonly kind: "registered";
      /** 32 bytes: with `epochs` and `deletable` it tells the blobs of a batch apart. */
      readonly blobId: Uint8Array;
      readonly deletable: boolean;
      readonly encodedBytes: number;
      readonly epochs: number;
      /** Whether it is put into storage that was there; `false` unless given. */
      readonly reusesStorage?: boolean;
      /** Type of the Blob that will be among the created objects. */
      readonly blobType: string;
    }
  | {
      readonly kind: "certified";
      readonly blobObjectId: string;
      readonly owner: string;
      /** Type of the SharedBlob that will be among the created objects, where one was asked for. */
      readonly sharedBlobType?: string;
    }
  | {
      readonly kind: "extended";
      /** As read before; the effects tell the versions after. */
      readonly ends: readonly ExtendedEnd[];
      /** The SharedBlob around the one that is extended, where there is one. */
      readonly sharedObjectId?: string;
    }
  | { readonly kind: "attributes-set"; readonly blobObjectId: string }
  | { readonly kind: "deleted"; readonly blobObjectId: string }
  | { readonly kind: "refilled"; readonly transfers: readonly Transfer[] };

/** One command's part in a transaction. */
export interface Member {
  /** Of the command. */
  readonly id: string;
  readonly costFrost: bigint;
  readonly outcome: Outcome;
  /** First command of the transaction that is this one's, and the one after its last. */
  readonly commands: readonly [number, number];
}

/** A transaction as signed: everything that is needed to send it again and to judge its fate. */
export interface SignedTransaction {
  /** Base58; computed from the bytes. */
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly signature: string;
  readonly expirationEpoch: number;
  /** Ledger time when it was signed: the hour and day its cost is granted for. */
  readonly signedAtMs: number;
  /** Owned inputs with the versions it names, gas coins included. */
  readonly ownedInputs: readonly ObjectRef[];
  /** At least one. */
  readonly members: readonly Member[];
}

/** Where a command stands. */
export type Phase =
  | { readonly kind: "pending" }
  | { readonly kind: "doing"; readonly digest: string }
  | { readonly kind: "done"; readonly reply: WalletReply };

/** One command in the journal. */
export interface JournalEntry {
  readonly id: string;
  /** Of the command's content: the same `id` with another content is refused. */
  readonly fingerprint: string;
  /** Its transactions that ran and failed. */
  readonly attempts: number;
  /** Gas of all its attempts that ran, in MIST. */
  readonly gasMist: bigint;
  readonly phase: Phase;
}

/** Totals over everything that ran. */
export interface Spending {
  readonly transactionCount: number;
  readonly spentFrost: bigint;
  readonly gasMist: bigint;
  /** How often an address was sent SUI. */
  readonly gasRefillCount: number;
  /** How often an address was sent WAL. */
  readonly walRefillCount: number;
}

/** Where the journal is kept. Writes are in order and durable before the next effect is sent. */
export interface JournalStore {
  get(id: string): JournalEntry | null;
  put(entry: JournalEntry): void;
  /** Writes down a signed transaction and that its members' commands are being done. */
  begin(signed: SignedTransaction): void;
  /** Transactions begun and not ended, oldest first. */
  open(): readonly SignedTransaction[];
  /** The fate of a transaction is certain; its members are written beside it. */
  end(digest: string): void;
  /** Digests of those transactions. */
  openDigests(): readonly string[];
  /** Adds one executed transaction to the totals, with what it sent to other addresses. */
  book(digest: string, costFrost: bigint, gasMist: bigint, sent: readonly Transfer[]): void;
  /** Whether a transaction has been booked: what it did is nobody else's. */
  isBooked(digest: string): boolean;
  spending(): Spending;
  /** Forgets commands that were done, and transactions that were booked, before this time. */
  collect(doneBeforeMs: number): void;
  /** Resolves when everything written so far is durable. */
  sync(): Promise<void>;
}

/** A command that was just received. */
export function pendingEntry(id: string, fingerprint: string): JournalEntry {
  return { id, fingerprint, attempts: 0, gasMist: 0n, phase: { kind: "pending" } };
}

/** A transaction was signed for it and is about to be submitted. */
export function withSigned(entry: JournalEntry, digest: string): JournalEntry {
  return { ...entry, phase: { kind: "doing", digest } };
}

/** Its transaction is certain never to run: another may be signed. */
export function backToPending(entry: JournalEntry): JournalEntry {
  return { ...entry, phase: { kind: "pending" } };
}

/** Its transaction ran and failed: gas is gone, another may be signed. */
export function withFailedAttempt(entry: JournalEntry, gasMist: bigint): JournalEntry {
  const paid = { attempts: entry.attempts + 1, gasMist: entry.gasMist + gasMist };
  return { ...entry, ...paid, phase: { kind: "pending" } };
}

/** It is finished, well or not. */
export function withReply(entry: JournalEntry, reply: WalletReply): JournalEntry {
  return { ...entry, phase: { kind: "done", reply } };
}

/** A final failure as an entry. */
export function withFailure(entry: JournalEntry, failure: WalletFailure): JournalEntry {
  return withReply(entry, { ok: false, failure });
}

/** A result as an entry. */
export function withDone(entry: JournalEntry, value: WalletDone): JournalEntry {
  return withReply(entry, { ok: true, value });
}

/** The answer of a command that is done; `null` while it is not. */
export function replyOf(entry: JournalEntry | null): WalletReply | null {
  if (entry === null || entry.phase.kind !== "done") return null;
  const { reply } = entry.phase;
  return reply.ok ? ok(reply.value) : err(reply.failure);
}
