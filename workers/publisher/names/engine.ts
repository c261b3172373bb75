/**
 * Carries changes of names to the chain, several in one transaction, each exactly once.
 *
 * A wish is kept first. Then a batch is written down: wishes of one anchor, one for each name, whose
 * preconditions hold; it pins the version the anchor had after our last change, so that the chain
 * itself compares and sets. The batch goes to the Wallet under a name of its own, which pays once
 * for it however often it is asked. Whatever stops this object, the next one finds the batch open
 * and asks the same again. Where the anchor is not at the pinned version (a renewal extends it, an
 * operator changes it) what stands on chain is read, believed, and the wishes are judged anew.
 */
import {
  ATTRIBUTES_PER_BLOB_MAX,
  NAME_CHANGE_TTL_MS,
  NAME_MOVES_MAX,
  NAMES_ALARM_MS,
  NAMES_PER_ANCHOR_MAX,
  NAMES_WAITING_MAX,
  WALLET_ASK_DELAY_MS,
  WALLET_ASKS_MAX,
} from "../../../shared/limits.ts";
import type { Clock, Log, Timer } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AttributedBlob } from "../../../shared/sui/attributed-blob.ts";
import type { ChainFailure } from "../../../shared/sui/chain.ts";
import { chainFailure, walletFailure } from "../upload/failure-of.ts";
import type { UploadFailure } from "../upload/failure.ts";
import type {
  AttributesCommand,
  AttributesSet,
  WalletFailure,
  WalletRpc,
} from "../wallet/commands.ts";
import { formatNameValue, parseNameValue } from "./name.ts";
import {
  type AnchorView,
  isAllowed,
  type NameChange,
  type NameFailure,
  type NameListQuery,
  type NameRecord,
  type NamesRpc,
  type NameVersions,
} from "./names.ts";
import type { Anchor, Batch, BatchMember, NameRows } from "./rows.ts";

/** What a bucket needs of the world. */
export interface NamesPorts {
  /** Of the bucket; part of every command's name. */
  readonly bucket: string;
  readonly rows: NameRows;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly wallet: (address: string) => Pick<WalletRpc, "run">;
  /** Makes anchor `seq` of this bucket, once, however often it is asked. */
  readonly openAnchor: (
    seq: number,
  ) => Promise<Result<AnchorView & { readonly objectVersion: string }, UploadFailure>>;
  /** An anchor as it stands on chain. */
  readonly readAnchor: (objectId: string) => Promise<Result<AttributedBlob, ChainFailure>>;
  /** Sets the alarm. */
  readonly wakeAt: (atMs: number) => Promise<void>;
  /** Resolves when everything written so far is durable. */
  readonly sync: () => Promise<void>;
}

type Outcome = Result<NameRecord, NameFailure>;

/** How a batch went. */
type BatchEnd =
  | { readonly kind: "written"; readonly done: AttributesSet }
  /** The anchor has another version than the batch pins. */
  | { readonly kind: "moved" }
  /** The anchor cannot be written any more. */
  | { readonly kind: "lost"; readonly reason: string }
  /** Nothing was signed, and nothing will be. */
  | { readonly kind: "failed"; readonly failure: UploadFailure }
  /** It may be on its way: the same is asked again. */
  | { readonly kind: "unknown"; readonly failure: UploadFailure };

/** One bucket of names. See `NamesRpc` for the surface. */
export class NamesEngine implements NamesRpc {
  readonly #ports: NamesPorts;
  readonly #waiters = new Map<string, PromiseWithResolvers<Outcome>>();
  #working: Promise<void> | null = null;
  /** How often in a row the anchor had moved. */
  #moves = 0;

  constructor(ports: NamesPorts) {
    this.#ports = ports;
  }

  async change(change: NameChange): Promise<Outcome> {
    const { rows, clock } = this.#ports;
    const known = rows.outcomeOf(change.id);
    if (typeof known === "string") return JSON.parse(known) as Outcome;
    if (known === undefined) rows.addChange(change, clock.nowMs());
    const waiter = this.#waiters.get(change.id) ?? Promise.withResolvers<Outcome>();
    this.#waiters.set(change.id, waiter);
    // Whoever asked may have gone before the answer is there.
    waiter.promise.catch(() => undefined);
    // Set before anything is sent: whatever stops us, the alarm goes on.
    await this.#ports.wakeAt(clock.nowMs() + NAMES_ALARM_MS);
    this.#kick();
    return waiter.promise;
  }

  async resolve(key: string): Promise<NameRecord | null> {
    const record = this.#ports.rows.record(key);
    return record === null || record.target === null ? null : record;
  }

  async versions(key: string, before: number | null): Promise<NameVersions | null> {
    return this.#ports.rows.versions(key, before);
  }

  async list(query: NameListQuery): Promise<readonly NameRecord[]> {
    return this.#ports.rows.list(query);
  }

  /** Goes on with what is left, and forgets old outcomes. */
  async alarm(): Promise<void> {
    const { rows, clock, wakeAt } = this.#ports;
    this.#kick();
    await this.#working;
    const nowMs = clock.nowMs();
    const isLeft = rows.collect(nowMs - NAME_CHANGE_TTL_MS);
    const isOpen = rows.openBatch() !== null || rows.waiting(1).length > 0;
    if (isOpen) await wakeAt(nowMs + NAMES_ALARM_MS);
    else if (isLeft) await wakeAt(nowMs + NAME_CHANGE_TTL_MS);
  }

  #kick(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
    this.#working.catch((error: unknown) => this.#breakDown(error));
  }

  /** One batch after another until none is left, or one of them stays open. */
  async #work(): Promise<void> {
    for (;;) {
      const batch = this.#ports.rows.openBatch() ?? (await this.#nextBatch());
      if (batch === null) {
        // A wish that came while the last batch ended has not kicked anybody.
        if (this.#ports.rows.waiting(1).length === 0) return;
        continue;
      }
      const end = await this.#send(batch);
      if (!(await this.#conclude(batch, end))) return;
    }
  }

  /** Judges the wishes in their order and writes the next batch down; `null` when none is due. */
  async #nextBatch(): Promise<Batch | null> {
    const { rows } = this.#ports;
    const members: BatchMember[] = [];
    let anchor: Anchor | null = null;
    let newcomers = 0;
    const seen = new Set<string>();
    for (const change of rows.waiting(NAMES_WAITING_MAX)) {
      // A name changes once in a batch; what comes after it is judged by what it leaves behind.
      if (seen.has(change.key)) continue;
      const row = rows.name(change.key);
      const current = row === null || row.target === null ? null : row;
      const refusal = refusalOf(change, current);
      if (refusal !== null) {
        this.#settle(change.id, err(refusal));
        continue;
      }
      seen.add(change.key);
      const own = current === null ? null : rows.anchor(current.anchorSeq);
      anchor ??= own ?? rows.anchorBelow(NAMES_PER_ANCHOR_MAX) ?? (await this.#openAnchor(change));
      if (anchor === null) return null;
      const hasRoom = anchor.nameCount + newcomers < NAMES_PER_ANCHOR_MAX;
      if (own === null ? !hasRoom : own.seq !== anchor.seq) continue;
      if (own === null) newcomers += 1;
      const next = { version: (row?.version ?? 0) + 1, target: change.target };
      members.push({ changeId: change.id, key: change.key, name: change.name, next });
      if (members.length >= ATTRIBUTES_PER_BLOB_MAX) break;
    }
    if (anchor === null || members.length === 0) return null;
    const { seq: anchorSeq, objectVersion: atVersion } = anchor;
    const batch = rows.beginBatch({ anchorSeq, atVersion, members });
    await this.#ports.sync();
    return batch;
  }

  /** Another anchor; where there is none to be had, the wish that needs it has failed. */
  async #openAnchor(change: NameChange): Promise<Anchor | null> {
    const { rows, openAnchor, log, bucket } = this.#ports;
    const seq = rows.nextAnchorSeq();
    const opened = await openAnchor(seq);
    if (!opened.ok) {
      this.#settle(change.id, err({ kind: "name-unwritten", cause: opened.failure }));
      return null;
    }
    rows.addAnchor({ seq, ...opened.value });
    log.info({ event: "names.anchor-opened", key: `${bucket}/${seq}`, id: opened.value.objectId });
    return rows.anchor(seq);
  }

  async #send(batch: Batch): Promise<BatchEnd> {
    const { rows, wallet, timer, bucket } = this.#ports;
    const anchor = rows.anchor(batch.anchorSeq);
    if (anchor === null) return { kind: "lost", reason: "unknown" };
    const command: AttributesCommand = {
      kind: "set-attributes",
      id: `names/${bucket}/${batch.seq}`,
      blobObjectId: anchor.objectId,
      atVersion: batch.atVersion,
      ...attributesOf(batch),
    };
    for (let ask = 1; ; ask++) {
      const reply = await wallet(anchor.owner).run(command);
      if (reply.ok) {
        if (reply.value.kind === "attributes-set") return { kind: "written", done: reply.value };
        throw new TypeError(`Cannot read ${reply.value.kind} reply`);
      }
      const { failure } = reply;
      // An RPC node that is behind has not seen our last change: nothing was signed then.
      const waits = ["fate-unknown", "wallet-busy", "chain"].includes(failure.kind);
      if (!waits || ask >= WALLET_ASKS_MAX) return endOf(failure);
      await timer.sleep(WALLET_ASK_DELAY_MS);
    }
  }

  /** Writes down what became of a batch; `false` when it stays open. */
  async #conclude(batch: Batch, end: BatchEnd): Promise<boolean> {
    const { rows, log, bucket } = this.#ports;
    const key = `${bucket}/${batch.seq}`;
    switch (end.kind) {
      case "written":
        this.#moves = 0;
        this.#commit(batch, end.done);
        return true;
      case "moved":
        this.#moves += 1;
        log.warn({ event: "names.anchor-moved", key, attempts: this.#moves });
        return this.#moves > NAME_MOVES_MAX
          ? this.#abandon(batch, { kind: "name-contended" })
          : this.#believeChain(batch);
      case "lost":
        log.error({ event: "names.anchor-lost", key, reason: end.reason });
        rows.loseAnchor(batch.anchorSeq);
        // The wishes are still there, and go to another anchor.
        rows.endBatch(batch.seq);
        return true;
      case "failed":
        log.warn({ event: "names.unwritten", key, failure: end.failure.kind });
        return this.#abandon(batch, { kind: "name-unwritten", cause: end.failure });
      case "unknown":
        for (const { changeId } of batch.members) {
          const { failure: cause } = end;
          this.#answer(changeId, err({ kind: "name-unwritten", cause, isOpen: true }));
        }
        return false;
    }
  }

  /** Every step may be repeated: the batch is ended last. */
  #commit({ seq, anchorSeq, members }: Batch, { txDigest, version }: AttributesSet): void {
    const { rows, clock } = this.#ports;
    const changedAtMs = clock.nowMs();
    for (const { changeId, key, name, next } of members) {
      rows.putVersion(key, name, anchorSeq, { ...next, txDigest, changedAtMs });
      const record = rows.record(key);
      if (record === null) throw new TypeError(`Cannot answer: expected ${key} in the rows`);
      this.#settle(changeId, ok(record));
    }
    rows.pinAnchor(anchorSeq, version);
    rows.endBatch(seq);
  }

  #abandon({ seq, members }: Batch, failure: NameFailure): boolean {
    for (const { changeId } of members) this.#settle(changeId, err(failure));
    this.#ports.rows.endBatch(seq);
    return true;
  }

  /** Takes over what stands on chain, so that the wishes of the batch are judged by it. */
  async #believeChain(batch: Batch): Promise<boolean> {
    const { rows, readAnchor, clock } = this.#ports;
    const anchor = rows.anchor(batch.anchorSeq);
    if (anchor === null) return this.#abandon(batch, { kind: "name-contended" });
    const found = await readAnchor(anchor.objectId);
    if (!found.ok) {
      return this.#abandon(batch, { kind: "name-unwritten", cause: chainFailure(found.failure) });
    }
    const changedAtMs = clock.nowMs();
    for (const row of rows.namesOf(anchor.seq)) {
      const value = parseNameValue(found.value.attributes.get(row.key) ?? "");
      const isAsKnown = value === null ? row.target === null : value.version === row.version;
      if (isAsKnown) continue;
      const version = Math.max(value?.version ?? 0, row.version + 1);
      const target = value === null ? null : { blobId: value.blobId, objectId: value.objectId };
      rows.putVersion(row.key, row.name, anchor.seq, {
        version,
        target,
        txDigest: null,
        changedAtMs,
      });
    }
    rows.pinAnchor(anchor.seq, found.value.version);
    rows.endBatch(batch.seq);
    return true;
  }

  #settle(changeId: string, outcome: Outcome): void {
    this.#ports.rows.settleChange(changeId, JSON.stringify(outcome));
    this.#answer(changeId, outcome);
  }

  #answer(changeId: string, outcome: Outcome): void {
    this.#waiters.get(changeId)?.resolve(outcome);
    this.#waiters.delete(changeId);
  }

  /** The alarm comes again; those who wait ask again under the same id. */
  #breakDown(error: unknown): void {
    this.#ports.log.error({ event: "names.interrupted", error: String(error) });
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }
}

function refusalOf(
  { precondition, target }: NameChange,
  current: { readonly version: number } | null,
): NameFailure | null {
  if (target === null && current === null && precondition.kind === "none") {
    return { kind: "name-unknown" };
  }
  return isAllowed(precondition, current)
    ? null
    : { kind: "name-precondition", version: current?.version ?? null };
}

function attributesOf({ members }: Batch): Pick<AttributesCommand, "set" | "remove"> {
  return {
    set: members.flatMap(({ key, next: { version, target } }) =>
      target === null ? [] : [[key, formatNameValue({ version, ...target })] as const],
    ),
    remove: members.flatMap(({ key, next }) => (next.target === null ? [key] : [])),
  };
}

function endOf(failure: WalletFailure): BatchEnd {
  const { kind } = failure;
  if (kind === "object-moved") return { kind: "moved" };
  // Anchors are permanent: one that is not found is only not found here and now.
  if (kind === "blob-unusable" && failure.reason !== "not-found") {
    return { kind: "lost", reason: failure.reason };
  }
  const cause = walletFailure("names", failure);
  return { kind: kind === "fate-unknown" ? "unknown" : "failed", failure: cause };
}
