/**
 * The ledger: one authority that stands for Sui, with real objects, signatures, gas and effects.
 *
 * It orders transactions as they come, one checkpoint each. Between the signature check and the
 * result nothing awaits, so two transactions never interleave. It knows nothing of any package but
 * Sui's own; it re-implements rules by hand, so passing here shows client compatibility only.
 */
import { ok, err, type Result } from "../../../shared/result.ts";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toBase58 } from "../../../shared/bytes/text.ts";
import type { Clock } from "../../../shared/ports.ts";
import {
  type CheckEnvironment,
  checkExpiration,
  checkGasTerms,
  parseTransaction,
  resolveInputs,
  type Transaction,
} from "./check.ts";
import type { TransactionFacts } from "./context.ts";
import { digestOf, fieldId, hash256 } from "./digests.ts";
import type { Outcome } from "./effects.ts";
import { systemPackages } from "./framework.ts";
import { CLOCK_ID } from "./limits.ts";
import { ObjectLocks } from "./locks.ts";
import type { NativePackage, SystemContext } from "./move.ts";
import { canonicalType } from "./move-types.ts";
import { coinBalance, coinTypeOf } from "./objects.ts";
import { Registry } from "./registry.ts";
import { runTransaction } from "./run.ts";
import { checkSignatures } from "./signatures.ts";
import { decodeSnapshot, encodeSnapshot, type LedgerSnapshot } from "./snapshot.ts";
import { type ObjectView, ObjectStore } from "./store.ts";
import { runSystemBody } from "./system-run.ts";
import type { ExecutedTransaction, LedgerObject, Refusal } from "./types.ts";

export type { LedgerSnapshot } from "./snapshot.ts";

export interface LedgerOptions {
  readonly clock: Clock;
  /** Text that decides the chain id and every system-made object id: same seed, same ids. */
  readonly seed: string;
  /** Packages besides Sui's own (`0x1`, `0x2`), which the ledger brings itself. */
  readonly packages: readonly NativePackage[];
  /** Creates the first objects; skipped when `state` is given. */
  readonly genesis?: (context: SystemContext) => void;
  /** What `ledger.snapshot()` returned in an earlier run (`persistence.ts` reads it from disk). */
  readonly state?: LedgerSnapshot | undefined;
  /** Length of a Sui epoch as clients read it; independent of the Walrus epoch (default 24 h). */
  readonly suiEpochDurationMs?: number;
  /** MIST per computation unit (default 1000). */
  readonly referenceGasPrice?: bigint;
}

/** A transaction that passed every check and holds its objects, but has not run. */
export interface AcceptedTransaction {
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly signatures: readonly string[];
  readonly transaction: Transaction;
}

/** The epoch of Sui itself. */
export interface SuiEpoch {
  readonly epoch: bigint;
  readonly startMs: number;
  readonly firstCheckpoint: bigint;
}

const DEFAULT_EPOCH_MS = 24 * 60 * 60 * 1000;
const SYSTEM_SENDER = `0x${"0".repeat(64)}`;

export class Ledger {
  readonly chainId: string;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly suiEpochDurationMs: number;
  readonly referenceGasPrice: bigint;
  readonly #seed: string;
  readonly #store = new ObjectStore();
  readonly #locks = new ObjectLocks();
  readonly #transactions = new Map<string, ExecutedTransaction>();
  readonly #ordered: ExecutedTransaction[] = [];
  readonly #listeners = new Set<(transaction: ExecutedTransaction) => void>();
  readonly #moveCalls = new Map<string, number>();
  #epochs: SuiEpoch[];
  #userTransactionCount = 0;
  #refusedCount = 0;
  #congestion: { readonly ids: ReadonlySet<string>; left: number } | null = null;

  constructor(options: LedgerOptions) {
    this.clock = options.clock;
    this.#seed = options.seed;
    this.registry = new Registry([...systemPackages(), ...options.packages]);
    this.chainId = toBase58(hash256(utf8Bytes(`walrus-edge local network ${options.seed}`)));
    this.suiEpochDurationMs = options.suiEpochDurationMs ?? DEFAULT_EPOCH_MS;
    this.referenceGasPrice = options.referenceGasPrice ?? 1_000n;
    this.#epochs = [
      { epoch: 0n, startMs: Math.max(1, options.clock.nowMs()), firstCheckpoint: 0n },
    ];
    if (options.state !== undefined) this.#restore(options.state);
    else this.#start(options.genesis);
  }

  #start(genesis: ((context: SystemContext) => void) | undefined): void {
    this.runSystem((context) => {
      const clock = { id: CLOCK_ID, timestamp_ms: BigInt(context.nowMs) };
      context.share("0x2::clock::Clock", clock);
      genesis?.(context);
    });
  }

  /** Number of transactions so far, system ones included. */
  get transactionCount(): number {
    return this.#ordered.length;
  }

  /** Submissions refused before they ran, since the start: malformed, stale or locked objects. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Number of user transactions that ran. */
  get userTransactionCount(): number {
    return this.#userTransactionCount;
  }

  /** `module::function` → calls made by user transactions that ran (failed ones included). */
  get moveCalls(): ReadonlyMap<string, number> {
    return this.#moveCalls;
  }

  get suiEpoch(): bigint {
    return this.currentEpoch.epoch;
  }

  get currentEpoch(): SuiEpoch {
    const epoch = this.#epochs.at(-1);
    if (epoch === undefined) throw new TypeError("Cannot read the epoch: there is none");
    return epoch;
  }

  epoch(number: bigint): SuiEpoch | undefined {
    return this.#epochs.find(({ epoch }) => epoch === number);
  }

  /** The live state. */
  get view(): ObjectView {
    return this.#store;
  }

  /** The state `transactionCount` transactions ago, as far as the history reaches (64). */
  pastView(transactionCount: number): ObjectView {
    return this.#store.past(transactionCount);
  }

  /** Runs `body` as a system transaction; throws what it throws, and then nothing has changed. */
  runSystem(body: (context: SystemContext) => void): ExecutedTransaction {
    const label = `${this.#seed} system transaction ${this.#ordered.length}`;
    const digest = digestOf("TransactionData", utf8Bytes(label));
    const facts = this.facts(digest, SYSTEM_SENDER, SYSTEM_SENDER);
    const outcome = runSystemBody(this.registry, this.#store, facts, body);
    return this.#commit(facts, outcome, new Uint8Array(), [], []);
  }

  /** Checks signatures, limits, inputs and locks, then runs. Same bytes again: the same answer. */
  async submit(
    transactionBytes: Uint8Array,
    signatures: readonly string[],
  ): Promise<Result<ExecutedTransaction, Refusal>> {
    const accepted = await this.accept(transactionBytes, signatures);
    return accepted.ok ? this.execute(accepted.value) : accepted;
  }

  /** The first half of `submit`: everything but running. Holds the owned objects it uses. */
  async accept(
    bytes: Uint8Array,
    signatures: readonly string[],
  ): Promise<Result<AcceptedTransaction, Refusal>> {
    const checked = await this.#checkSubmission(bytes, signatures);
    if (!checked.ok) this.#refusedCount++;
    return checked;
  }

  async #checkSubmission(
    bytes: Uint8Array,
    signatures: readonly string[],
  ): Promise<Result<AcceptedTransaction, Refusal>> {
    const parsed = parseTransaction(bytes);
    if (!parsed.ok) return parsed;
    const refused = await checkSignatures(bytes, parsed.value.data, signatures);
    if (refused !== null) return err(refused);
    const digest = digestOf("TransactionData", bytes);
    const accepted = { digest, bytes, signatures, transaction: parsed.value };
    if (this.#transactions.has(digest)) return ok(accepted);
    const resolved = this.#check(parsed.value);
    if (!resolved.ok) return resolved;
    const locked = this.#locks.lock(digest, resolved.value);
    return locked === null ? ok(accepted) : err(locked);
  }

  /** The second half of `submit`. */
  execute(accepted: AcceptedTransaction): Result<ExecutedTransaction, Refusal> {
    const { digest, bytes, transaction } = accepted;
    const known = this.#transactions.get(digest);
    if (known !== undefined) return ok(known);
    const resolved = this.#check(transaction);
    this.#locks.release(digest);
    if (!resolved.ok) return resolved;
    const { data, commands } = transaction;
    const facts = this.facts(digest, data.sender, data.gasData.owner);
    const congested = this.#takeCongestion(resolved.value.inputs);
    const { outcome, moveCalls } = runTransaction({
      registry: this.registry,
      view: this.#store,
      facts,
      inputs: resolved.value.inputs,
      commands,
      payment: resolved.value.payment,
      gasPrice: BigInt(data.gasData.price),
      gasBudget: BigInt(data.gasData.budget),
      transactionBytes: bytes.length,
      congested,
    });
    this.#userTransactionCount++;
    for (const call of moveCalls) this.#moveCalls.set(call, (this.#moveCalls.get(call) ?? 0) + 1);
    return ok(this.#commit(facts, outcome, bytes, accepted.signatures, moveCalls));
  }

  #check(transaction: Transaction): ReturnType<typeof resolveInputs> {
    const environment = this.environment();
    const refused =
      checkExpiration(transaction, environment) ?? checkGasTerms(transaction, environment);
    return refused === null ? resolveInputs(transaction, environment) : err(refused);
  }

  /** What checks and simulations need to know of the present. */
  environment(): CheckEnvironment {
    return {
      registry: this.registry,
      view: this.#store,
      suiEpoch: this.suiEpoch,
      chainId: this.chainId,
      referenceGasPrice: this.referenceGasPrice,
      nowMs: this.clock.nowMs(),
    };
  }

  facts(txDigest: string, sender: string, sponsor: string): TransactionFacts {
    return { sender, sponsor, suiEpoch: this.suiEpoch, nowMs: this.clock.nowMs(), txDigest };
  }

  #takeCongestion(inputs: readonly { kind: string; object?: LedgerObject; mutable?: boolean }[]) {
    const congestion = this.#congestion;
    if (congestion === null) return [];
    const hit = inputs.flatMap(({ object, mutable }) =>
      object?.owner.kind === "shared" && mutable === true && congestion.ids.has(object.id)
        ? [object.id]
        : [],
    );
    if (hit.length > 0 && --congestion.left <= 0) this.#congestion = null;
    return hit;
  }

  #commit(
    facts: TransactionFacts,
    outcome: Outcome,
    transactionBytes: Uint8Array,
    signatures: readonly string[],
    moveCalls: readonly string[],
  ): ExecutedTransaction {
    const { writes, ...results } = outcome;
    this.#store.apply(writes);
    const sequence = this.#ordered.length;
    const executed: ExecutedTransaction = {
      ...results,
      digest: facts.txDigest,
      sequence,
      checkpoint: BigInt(sequence),
      timestampMs: facts.nowMs,
      transactionBytes,
      signatures,
      moveCalls,
    };
    this.#record(executed);
    for (const listener of this.#listeners) listener(executed);
    return executed;
  }

  #record(executed: ExecutedTransaction): void {
    this.#transactions.set(executed.digest, executed);
    this.#ordered.push(executed);
  }

  /** Called once per transaction, after it is applied, in order. Returns the unsubscriber. */
  onTransaction(listener: (transaction: ExecutedTransaction) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  object(id: string): LedgerObject | undefined {
    return this.#store.get(id);
  }

  /** An older version of an object, as far as the history reaches. */
  objectVersion(id: string, version: bigint): LedgerObject | undefined {
    return this.#store.version(id, version);
  }

  /** Contents parsed by the declared layout of the object's type. */
  objectValue(id: string): { readonly type: string; readonly value: unknown } | undefined {
    const object = this.#store.get(id);
    if (object === undefined) return undefined;
    return { type: object.type, value: this.registry.parse(object.type, object.contents) };
  }

  /** Value of a dynamic field, or undefined. */
  fieldValue(parentId: string, keyType: string, key: unknown): unknown {
    const type = canonicalType(keyType);
    const field = this.objectValue(fieldId(parentId, type, this.registry.serialize(type, key)));
    return (field?.value as { readonly value: unknown } | undefined)?.value;
  }

  transaction(digest: string): ExecutedTransaction | undefined {
    return this.#transactions.get(digest);
  }

  transactionAt(sequence: number): ExecutedTransaction | undefined {
    return this.#ordered[sequence];
  }

  /** Sum of `Coin<coinType>` owned by `address`. */
  balance(address: string, coinType: string): bigint {
    const type = coinTypeOf(coinType);
    const coins = this.#store.ownedBy(address).filter((object) => object.type === type);
    return coins.reduce((total, coin) => total + coinBalance(coin), 0n);
  }

  /** Next Sui epoch: pending locks end, the reference gas price stays. */
  advanceSuiEpoch(): void {
    this.#epochs.push({
      epoch: this.suiEpoch + 1n,
      startMs: this.clock.nowMs(),
      firstCheckpoint: BigInt(this.#ordered.length),
    });
    this.#locks.clear();
  }

  /** The next `count` transactions that take any of `objectIds` mutably are cancelled. */
  congest(objectIds: readonly string[], count: number): void {
    this.#congestion = count > 0 ? { ids: new Set(objectIds), left: count } : null;
  }

  /** Everything needed to go on after a restart. */
  snapshot(): LedgerSnapshot {
    return encodeSnapshot({
      seed: this.#seed,
      epochs: this.#epochs,
      userTransactionCount: this.#userTransactionCount,
      moveCalls: [...this.#moveCalls],
      objects: [...this.#store.all()],
      transactions: this.#ordered,
    });
  }

  #restore(text: LedgerSnapshot): void {
    const state = decodeSnapshot(text);
    if (state.seed !== this.#seed) {
      throw new RangeError(
        `Cannot restore the ledger: expected seed ${JSON.stringify(this.#seed)}, got ${JSON.stringify(state.seed)}`,
      );
    }
    this.#epochs = [...state.epochs];
    this.#userTransactionCount = state.userTransactionCount;
    for (const [name, count] of state.moveCalls) this.#moveCalls.set(name, count);
    this.#store.load(state.objects);
    for (const transaction of state.transactions) this.#record(transaction);
  }
}
