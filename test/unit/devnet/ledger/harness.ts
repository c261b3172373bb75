/** A small network for ledger tests: two funded people, a test package, an in-process RPC node. */
import { SuiGrpcClient } from "@mysten/sui/grpc";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { Transaction, type TransactionObjectArgument } from "@mysten/sui/transactions";
import type { Result } from "../../../../shared/result.ts";
import type { Timer } from "../../../../shared/ports.ts";
import { fund } from "../../../devnet/ledger/faucet.ts";
import { Ledger } from "../../../devnet/ledger/ledger.ts";
import { SUI_TYPE } from "../../../devnet/ledger/move-types.ts";
import { coinBalance, coinTypeOf } from "../../../devnet/ledger/objects.ts";
import type { ExecutedTransaction, Refusal } from "../../../devnet/ledger/types.ts";
import { noRpcFault, type RpcFaultSwitch } from "../../../devnet/sui-rpc/faults.ts";
import { createSuiRpc } from "../../../devnet/sui-rpc/server.ts";
import { COUNTER, COUNTER_PACKAGE, GOLD } from "./counter-package.ts";

export const START_MS = 1_700_000_000_000;
export const SUI = 1_000_000_000n;

export interface World {
  readonly ledger: Ledger;
  readonly clock: { now: number };
  readonly faults: RpcFaultSwitch;
  readonly sleeps: number[];
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  readonly client: SuiGrpcClient;
  readonly alice: Ed25519Keypair;
  readonly bob: Ed25519Keypair;
  /** The shared counter. */
  readonly counterId: string;
}

export function person(index: number): Ed25519Keypair {
  return Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(index));
}

/** Starts a ledger with a shared counter; Alice and Bob have 10 SUI in two coins, and 5 GOLD. */
export function startWorld(state?: string): World {
  const clock = { now: START_MS };
  const ledger = new Ledger({
    clock: { nowMs: () => clock.now },
    seed: "test",
    packages: [COUNTER_PACKAGE],
    genesis: (context) => {
      context.share(COUNTER, { id: context.freshId(), count: 0n, label: "shared" });
    },
    state,
  });
  const alice = person(1);
  const bob = person(2);
  if (state === undefined) {
    for (const key of [alice, bob]) {
      for (const amount of [6n, 4n]) fund(ledger, key.toSuiAddress(), { [SUI_TYPE]: amount * SUI });
      fund(ledger, key.toSuiAddress(), { [GOLD]: 5n });
    }
  }
  const shared = ledger
    .transactionAt(0)
    ?.effects.changedObjects.map(([id]) => id)
    .find((id) => ledger.transactionAt(0)?.objectTypes[id] === COUNTER);
  return { ...connect(ledger), clock, alice, bob, counterId: shared ?? "" };
}

/** An RPC node over a ledger, and the official client on it, without a socket. */
export function connect(
  ledger: Ledger,
): Pick<World, "ledger" | "faults" | "sleeps" | "fetch" | "client"> {
  const faults = noRpcFault();
  const sleeps: number[] = [];
  const timer: Timer = {
    sleep: (durationMs) => {
      sleeps.push(durationMs);
      return Promise.resolve();
    },
  };
  const rpc = createSuiRpc({ ledger, faults, timer });
  const fetch: World["fetch"] = async (input, init) => {
    const response = await rpc(new Request(input, init));
    return response ?? new Response("not found", { status: 404 });
  };
  const client = clientOn(fetch, "text");
  return { ledger, faults, sleeps, fetch, client };
}

export function clientOn(fetch: World["fetch"], format: "text" | "binary"): SuiGrpcClient {
  return new SuiGrpcClient({ network: "testnet", baseUrl: "http://ledger.local", fetch, format });
}

export interface OfflineOptions {
  readonly signer?: Ed25519Keypair;
  readonly budget?: bigint;
  readonly price?: bigint;
  /** Index of the payer's SUI coin that pays, largest first. */
  readonly coin?: number;
  readonly epoch?: number;
}

/** SUI coins of an address, largest first, as references. */
export function suiCoins(
  world: World,
  owner: string,
): { objectId: string; version: string; digest: string }[] {
  return world.ledger.view
    .ownedBy(owner)
    .filter(({ type }) => type === coinTypeOf(SUI_TYPE))
    .sort((left, right) => (coinBalance(left) < coinBalance(right) ? 1 : -1))
    .map(({ id, version, digest }) => ({ objectId: id, version: version.toString(), digest }));
}

/** Builds a transaction without any dry run, so that the ledger itself must refuse or fail it. */
export async function buildOffline(
  world: World,
  fill: (tx: Transaction) => void,
  options: OfflineOptions = {},
): Promise<Uint8Array> {
  const sender = (options.signer ?? world.alice).toSuiAddress();
  const tx = new Transaction();
  fill(tx);
  tx.setSender(sender);
  tx.setGasPrice(options.price ?? 1_000n);
  tx.setGasBudget(options.budget ?? 100_000_000n);
  tx.setGasPayment(suiCoins(world, sender).slice(options.coin ?? 0, (options.coin ?? 0) + 1));
  if (options.epoch !== undefined) tx.setExpiration({ Epoch: options.epoch });
  return tx.build();
}

/** Signs and submits. */
export async function submit(
  world: World,
  bytes: Uint8Array,
  ...signers: readonly Ed25519Keypair[]
): Promise<Result<ExecutedTransaction, Refusal>> {
  const keys = signers.length === 0 ? [world.alice] : signers;
  const signatures = await Promise.all(
    keys.map(async (key) => (await key.signTransaction(bytes)).signature),
  );
  return world.ledger.submit(bytes, signatures);
}

/** Builds, signs and submits as Alice. */
export async function runOffline(
  world: World,
  fill: (tx: Transaction) => void,
  options: OfflineOptions = {},
): Promise<ExecutedTransaction> {
  const bytes = await buildOffline(world, fill, options);
  const result = await submit(world, bytes, options.signer ?? world.alice);
  if (!result.ok) throw new Error(`refused: ${result.failure.message}`);
  return result.value;
}

/** The shared counter as a resolved input. */
export function sharedCounter(
  world: World,
  tx: Transaction,
  mutable = true,
): TransactionObjectArgument {
  return tx.sharedObjectRef({ objectId: world.counterId, initialSharedVersion: "1", mutable });
}

/** Failure status of a transaction, as the effects hold it. */
export function failureOf(executed: ExecutedTransaction): unknown {
  return executed.effects.status.Failure?.error;
}
