/** A ledger with a small Walrus deployment, and calls of its functions without transactions. */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { Ledger } from "../../../devnet/ledger/ledger.ts";
import { MoveAbort, type MoveValue, type SystemContext } from "../../../devnet/ledger/move.ts";
import type { ExecutedTransaction } from "../../../devnet/ledger/types.ts";
import {
  createDeployment,
  finishEpochChange,
  type GenesisOptions,
  LOCAL_ADDRESSES,
  startEpochChange,
  type WalrusDeployment,
  walrusPackages,
} from "../../../devnet/walrus-contract/operations.ts";
import { deriveBlobId, encodedBlobLength } from "../../../devnet/walrus-contract/rules/encoding.ts";
import type { Blob, Coin, Storage } from "../../../devnet/walrus-contract/values.ts";

const { longSignatures } = bls12_381;
const PACKAGES = walrusPackages();
const FUNCTIONS = new Map(
  PACKAGES.flatMap((pack) =>
    pack.functions.map((declared) => [`${declared.module}::${declared.name}`, declared]),
  ),
);

/** Holder of what the genesis does not use. */
export const TREASURY = `0x${"77".repeat(32)}`;
export const START_MS = 1_750_000_000_000;
export const DAY_MS = 86_400_000;
/** Shards of the test network: ten nodes hold ten each, so seven are a quorum. */
export const SHARDS = 100;
/** Root hash and size of the Move blob tests (`tests/system/blob_tests.move`). */
export const ROOT_HASH = 0xabcn;
export const SIZE = 5_000_000n;
export const ENCODED = encodedBlobLength(SIZE, 1, SHARDS);
export const BLOB_ID = deriveBlobId(ROOT_HASH, 1, SIZE);

/** Secret scalar `n` as 32 bytes, as the Move tests use 1 to 10. */
export function scalar(n: number): Uint8Array {
  const key = new Uint8Array(32);
  key[31] = n;
  return key;
}

/** Node `index` (from 0) of the test network; its secret is the scalar `index + 1`. */
export function testNode(index: number): GenesisOptions["nodes"][number] {
  return {
    nodeId: `0x${(index + 1).toString(16).padStart(64, "0")}`,
    name: `node-${index}`,
    networkAddress: `127.0.0.1:${9000 + index}`,
    publicKey: longSignatures.getPublicKey(scalar(index + 1)).toBytes(),
    networkPublicKey: new Uint8Array(33).fill(2),
  };
}

/** A running deployment. */
export interface World {
  readonly ledger: Ledger;
  readonly deployment: WalrusDeployment;
  setTime(ms: number): void;
}

/** A ledger at epoch 1: storage costs 5 FROST a unit, writing 1, as in the Move tests. */
export function startWorld(options: Partial<GenesisOptions> = {}): World {
  let nowMs = START_MS;
  let deployment: WalrusDeployment | undefined;
  const ledger = new Ledger({
    clock: { nowMs: () => nowMs },
    seed: "contract tests",
    packages: PACKAGES,
    genesis: (context) => {
      deployment = createDeployment(context, {
        nodes: Array.from({ length: 10 }, (_, index) => testNode(index)),
        shardCount: SHARDS,
        epochDurationMs: DAY_MS,
        treasuryAddress: TREASURY,
        storagePrice: 5n,
        writePrice: 1n,
        capacityBytes: 1_000_000_000n,
        ...options,
      });
    },
  });
  if (deployment === undefined) throw new TypeError("Cannot start: genesis did not run");
  return {
    ledger,
    deployment,
    setTime: (ms) => {
      nowMs = ms;
    },
  };
}

/** Calls `module::function`; the arguments are plain values, or `MoveValue`s to be shared. */
export function call(
  context: SystemContext,
  name: string,
  ...values: unknown[]
): readonly unknown[] {
  const declared = FUNCTIONS.get(name);
  if (declared === undefined) throw new TypeError(`Cannot call ${name}: it is not served`);
  const types = declared.parameters.filter((type) => !type.includes("TxContext"));
  if (types.length !== values.length) throw new TypeError(`Cannot call ${name}: argument count`);
  const values_ = values.map((value, index): MoveValue => ({ type: types[index] ?? "", value }));
  return declared.run({ context, arguments: values_, typeArguments: [] });
}

/** Calls a function and returns its only result. */
export function callOne(context: SystemContext, name: string, ...values: unknown[]): unknown {
  return call(context, name, ...values)[0];
}

/** Runs `body` in one system transaction and returns what it returned, with the transaction. */
export function run<T>(
  world: World,
  body: (
    context: SystemContext,
    objects: { readonly system: unknown; readonly staking: unknown },
  ) => T,
): { readonly result: T; readonly transaction: ExecutedTransaction } {
  const box: T[] = [];
  const transaction = world.ledger.runSystem((context) => {
    const system = context.mutateObject(world.deployment.systemId).value;
    const staking = context.mutateObject(world.deployment.stakingId).value;
    box.push(body(context, { system, staking }));
  });
  return { result: box[0] as T, transaction };
}

/** The abort of `body`, as `module::Constant (code)`. Everything it did is undone. */
export function abortOf(
  world: World,
  body: (
    context: SystemContext,
    objects: { readonly system: unknown; readonly staking: unknown },
  ) => void,
): string {
  try {
    run(world, body);
  } catch (error) {
    if (!(error instanceof MoveAbort)) throw error;
    const { module, constantName, code } = error.details;
    return `${module}::${constantName} (${code})`;
  }
  return "no abort";
}

/** A WAL coin of `amount` FROST that is in no one's hands. */
export function coin(context: SystemContext, amount: bigint): Coin {
  return { id: context.freshId(), balance: { value: amount } };
}

/** Enough for every test. */
export const PLENTY = 10n ** 12n;

/** Reserves room for the default blob (or `bytes`) over `epochs`. */
export function reserve(
  context: SystemContext,
  system: unknown,
  epochs = 3,
  bytes: bigint = ENCODED,
  payment: Coin = coin(context, PLENTY),
): Storage {
  return callOne(context, "system::reserve_space", system, bytes, epochs, payment) as Storage;
}

/** Registers the default blob. */
export function register(
  context: SystemContext,
  system: unknown,
  options: { readonly epochs?: number; readonly deletable?: boolean } = {},
  payment: Coin = coin(context, PLENTY),
): Blob {
  const storage = reserve(context, system, options.epochs, ENCODED, payment);
  const facts = [BLOB_ID, ROOT_HASH, SIZE, 1, options.deletable ?? false] as const;
  return callOne(context, "system::register_blob", system, storage, ...facts, payment) as Blob;
}

/** A certificate of the nodes `signers` (indices) over `message`. */
export function sign(
  message: Uint8Array,
  signers: readonly number[] = [0, 1, 2, 3, 4, 5, 6],
): readonly [signature: Uint8Array, bitmap: Uint8Array, message: Uint8Array] {
  const hashed = longSignatures.hash(message);
  const signatures = signers.map((index) => longSignatures.sign(hashed, scalar(index + 1)));
  const bitmap = new Uint8Array(2);
  for (const index of signers) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  return [longSignatures.aggregateSignatures(signatures).toBytes(), bitmap, message];
}

/** A storage confirmation: permanent, or deletable for an object id. */
export function confirmation(
  blobId: bigint,
  epoch: number,
  objectId: string | null = null,
): Uint8Array {
  const parts = [1, 0, 3, ...little(BigInt(epoch), 4), ...little(blobId, 32)];
  if (objectId === null) return Uint8Array.from([...parts, 0]);
  return Uint8Array.from([...parts, 1, ...little(BigInt(objectId), 32).reverse()]);
}

/** Names and values of the Walrus events of a transaction. */
export function eventsOf(
  transaction: ExecutedTransaction,
): readonly (readonly [string, unknown])[] {
  return transaction.events.map((event) => [
    event.type.replace(`${LOCAL_ADDRESSES.walrusOriginal}::events::`, ""),
    event.value,
  ]);
}

function little(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** Registers and certifies the default blob. */
export function certified(
  context: SystemContext,
  system: unknown,
  options: { readonly epochs?: number; readonly deletable?: boolean } = {},
): Blob {
  const blob = register(context, system, options);
  const message = confirmation(BLOB_ID, 1, blob.deletable ? blob.id : null);
  call(context, "system::certify_blob", system, blob, ...sign(message));
  return blob;
}

/** One whole epoch change. */
export function advance(world: World): void {
  world.ledger.runSystem((context) => {
    startEpochChange(context, world.deployment);
  });
  world.ledger.runSystem((context) => {
    finishEpochChange(context, world.deployment);
  });
}
