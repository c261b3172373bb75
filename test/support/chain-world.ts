/**
 * A ledger with the Walrus contract behind the RPC node, and our chain port over it: no sockets.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import type { Clock, Log, LogRecord, Timer } from "../../shared/ports.ts";
import { confirmationMessage } from "../../shared/protocol/confirmation.ts";
import { aggregateConfirmations, type Certificate } from "../../shared/protocol/certificate.ts";
import {
  createAttributedBlobs,
  type ReadAttributedBlob,
} from "../../shared/sui/attributed-blob.ts";
import type { Chain } from "../../shared/sui/chain.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { createSigner, type Signer } from "../../shared/sui/signer.ts";
import { systemTimer } from "../../shared/system.ts";
import type { Treasury } from "../../workers/publisher/wallet/treasury.ts";
import { fund } from "../devnet/ledger/faucet.ts";
import { noRpcFault, type RpcFaultSwitch } from "../devnet/sui-rpc/faults.ts";
import { createSuiRpc } from "../devnet/sui-rpc/server.ts";
import type { GenesisOptions } from "../devnet/walrus-contract/operations.ts";
import { fromLittleEndian, toLittleEndian } from "../devnet/walrus-contract/rules/bytes.ts";
import { deriveBlobId, encodedBlobLength } from "../devnet/walrus-contract/rules/encoding.ts";
import {
  scalar,
  START_MS,
  startWorld,
  type World,
} from "../unit/devnet/walrus-contract/support.ts";

export const SUI = "0x2::sui::SUI";
const RPC_URL = "http://sui.invalid";
const BOUNDLESS = 10n ** 18n;

/** Everything a test of the chain port or the wallet works with. */
export interface ChainWorld extends World {
  readonly signer: Signer;
  readonly secretKey: string;
  readonly faults: RpcFaultSwitch;
  readonly chain: Chain;
  /** Blobs with their attributes, over the same RPC node. */
  readonly readAttributed: ReadAttributedBlob;
  /** gRPC methods called so far, in order. */
  readonly calls: string[];
  /** Called before each request; may throw to break the connection. */
  intercept: ((method: string) => Promise<void> | void) | null;
  /** Makes another port with the ports given. */
  connect(ports?: { readonly timer?: Timer; readonly clock?: Clock }): Chain;
  fund(amounts: { readonly sui?: bigint; readonly wal?: bigint }): void;
}

/** Starts a deployment with a funded key. */
export function startChainWorld(options: Partial<GenesisOptions> = {}): ChainWorld {
  const world = startWorld({ capacityBytes: 10n ** 12n, ...options });
  const keypair = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(9));
  const secretKey = keypair.getSecretKey();
  const signer = createSigner(secretKey);
  if (!signer.ok) throw new TypeError("Cannot start: the test key is refused");
  const faults = noRpcFault();
  const rpc = createSuiRpc({ ledger: world.ledger, faults, timer: systemTimer });
  const calls: string[] = [];
  const ask = async (request: Request): Promise<Response> => {
    const method = new URL(request.url).pathname.split("/").at(-1) ?? "";
    calls.push(method);
    await started.intercept?.(method);
    return (await rpc(request)) ?? new Response(null, { status: 404 });
  };
  const connect: ChainWorld["connect"] = (ports = {}) =>
    createChain({
      suiRpcUrl: RPC_URL,
      systemObjectId: world.deployment.systemId,
      stakingObjectId: world.deployment.stakingId,
      storageNodeUrlScheme: "http",
      clock: ports.clock ?? { nowMs: () => START_MS },
      timer: ports.timer ?? systemTimer,
      fetch: ask,
    });
  const started: ChainWorld = {
    ...world,
    signer: signer.value,
    secretKey,
    faults,
    calls,
    intercept: null,
    connect,
    get chain() {
      return chain;
    },
    readAttributed: createAttributedBlobs({
      suiRpcUrl: RPC_URL,
      fetch: ask,
      timer: systemTimer,
    }),
    fund: ({ sui, wal }) => {
      const amounts = {
        ...(sui === undefined ? {} : { [SUI]: sui }),
        ...(wal === undefined ? {} : { [world.deployment.walType]: wal }),
      };
      fund(world.ledger, signer.value.address, amounts);
    },
  };
  const chain = connect();
  return started;
}

/** What a registration names of a blob. */
export interface ClaimedBlob {
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
  readonly unencodedBytes: number;
  readonly encodedBytes: number;
}

/** A blob nobody encoded: only what the contract checks of it is real. */
export function claimedBlob(root: number, unencodedBytes = 1_000): ClaimedBlob {
  const rootHash = new Uint8Array(32).fill(root);
  const id = deriveBlobId(fromLittleEndian(rootHash), 1, BigInt(unencodedBytes));
  return {
    blobId: toLittleEndian(id, 32),
    rootHash,
    unencodedBytes,
    encodedBytes: Number(encodedBlobLength(BigInt(unencodedBytes), 1, 100)),
  };
}

/** A certificate by the first `signerCount` nodes, of the current epoch unless told otherwise. */
export async function certificateFor(
  chain: Chain,
  blobId: Uint8Array,
  deletableObjectId: string | null,
  options: { readonly signerCount?: number; readonly epoch?: number } = {},
): Promise<Certificate> {
  const system = await chain.readSystem({ fresh: true });
  if (!system.ok) throw new TypeError(`Cannot certify: ${system.failure.kind}`);
  const { current } = system.value;
  const { signerCount = 10, epoch = system.value.epoch } = options;
  const message = confirmationMessage({ epoch, blobId, deletableObjectId });
  const hashed = bls12_381.longSignatures.hash(message);
  const shares = Array.from({ length: signerCount }, (_, memberIndex) => ({
    memberIndex,
    signature: bls12_381.longSignatures.sign(hashed, scalar(memberIndex + 1)).toBytes(),
  }));
  const aggregation = aggregateConfirmations(current, message, shares);
  if (!aggregation.ok) throw new TypeError("Cannot certify: not enough weight");
  return aggregation.value.certificate;
}

/** A clock that only sleeping moves. */
export function sleepingClock(startMs = 1_750_000_000_000): Clock & Timer & { sleeps: number[] } {
  let nowMs = startMs;
  const sleeps: number[] = [];
  return {
    sleeps,
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      sleeps.push(durationMs);
      nowMs += durationMs;
    },
  };
}

/** Keeps log records. */
export function memoryLog(): Log & { readonly records: LogRecord[] } {
  const records: LogRecord[] = [];
  const keep = (record: LogRecord) => void records.push(record);
  return { records, info: keep, warn: keep, error: keep };
}

/** An alarm that is set and never rings. */
export async function neverWakes(): Promise<void> {}

/** A treasury that grants everything. */
export const GENEROUS: Treasury = {
  allowance: async () => ({
    period: "hour",
    leftFrost: BOUNDLESS,
    limitFrost: BOUNDLESS,
    endsAtMs: 0,
  }),
  grant: async () => true,
  giveBack: async () => undefined,
};
