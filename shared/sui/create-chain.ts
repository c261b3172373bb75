/**
 * The chain port over one Sui RPC node (gRPC-web).
 */
import { TransactionError } from "@mysten/sui/client";
import { SUI_SUBMIT_TIMEOUT_MS } from "../limits.ts";
import type { Clock, Fetch, Timer } from "../ports.ts";
import type { BlobObject } from "../protocol/blob-object.ts";
import { err, ok, type Result } from "../result.ts";
import type { Chain, ChainFailure, FreeStorage, SubmitFailure, SuiEpoch } from "./chain.ts";
import { createObjects } from "./objects.ts";
import {
  executedTransaction,
  objectView,
  parseBlobObject,
  parseFreeStorage,
  rejectionReason,
} from "./parse.ts";
import { createSystemReader, type Deployment } from "./read-system.ts";
import { createRpc, type Rpc } from "./rpc.ts";
import { createSystemCache, type SystemCache } from "./system-cache.ts";

/** What the port is made of. */
export interface ChainOptions extends Deployment {
  readonly suiRpcUrl: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timer: Timer;
  /** Shared over invocations where given; else the chain keeps its own. */
  readonly cache?: SystemCache;
}

/** Makes the chain port of one invocation. */
export function createChain(options: ChainOptions): Chain {
  const { clock, timer, fetch } = options;
  const rpc = createRpc({ url: options.suiRpcUrl, fetch, timer });
  const objects = createObjects(rpc);
  const reader = createSystemReader(rpc, objects, clock, options);
  const cache = options.cache ?? createSystemCache(clock);

  const readSystem: Chain["readSystem"] = async (read) => {
    const fresh = read?.fresh === true;
    const kept = fresh ? null : cache.get();
    if (kept !== null) return ok(kept);
    const state = await reader.readSystem();
    if (state.ok) cache.put(state.value);
    else if (!fresh && isUnanswered(state.failure)) {
      // One in a burst reads for all: what it did not get in time, the others do without.
      const last = cache.last();
      if (last !== null) return ok(last);
    }
    return state;
  };

  return {
    readSystem,
    readContract: () => reader.readContract(),
    async readBlobObject(objectId) {
      const object = await objects.require([objectId]);
      if (!object.ok) return object;
      const [raw] = object.value;
      return raw === undefined ? err({ kind: "object-not-found", objectId }) : parseBlobObject(raw);
    },
    async readBlobObjects(objectIds) {
      const found = await objects.find(objectIds);
      if (!found.ok) return found;
      return collect(found.value, (object) =>
        object === null ? ok(null) : parseBlobObject(object),
      );
    },
    async listOwnedBlobs(owner) {
      const system = await readSystem();
      if (!system.ok) return system;
      const type = `${system.value.contract.originalPackageId}::blob::Blob`;
      const listed = await objects.listOwned(owner, type);
      return listed.ok
        ? collect<(typeof listed.value)[number], BlobObject>(listed.value, parseBlobObject)
        : listed;
    },
    async listOwnedStorage(owner) {
      const state = await reader.readContract();
      if (!state.ok) return state;
      const type = `${state.value.contract.originalPackageId}::storage_resource::Storage`;
      const listed = await objects.listOwned(owner, type);
      return listed.ok
        ? collect<(typeof listed.value)[number], FreeStorage>(listed.value, parseFreeStorage)
        : listed;
    },
    listCoins: (owner, coinType) => objects.listCoins(owner, coinType),
    async readObjects(objectIds) {
      const found = await objects.find(objectIds);
      if (!found.ok) return found;
      return ok(found.value.map((object) => (object === null ? null : objectView(object))));
    },
    readSuiEpoch: () => readSuiEpoch(rpc),
    submit: (bytes, signature) => submit(rpc, bytes, signature),
    findTransaction: (digest) => findTransaction(rpc, digest),
  };
}

/** Whether it says nothing of the chain, only of the way there. */
function isUnanswered({ kind }: ChainFailure): boolean {
  return kind === "rpc-timeout" || kind === "rpc-unreachable";
}

function collect<Raw, T>(
  raws: readonly Raw[],
  parse: (raw: Raw) => Result<T, ChainFailure>,
): Result<readonly T[], ChainFailure> {
  const all: T[] = [];
  for (const raw of raws) {
    const parsed = parse(raw);
    if (!parsed.ok) return parsed;
    all.push(parsed.value);
  }
  return ok(all);
}

async function readSuiEpoch(rpc: Rpc): Promise<Result<SuiEpoch, ChainFailure>> {
  const [answer, service] = await Promise.all([
    rpc.read("getEpoch", async (client, signal) => {
      const readMask = { paths: ["epoch", "reference_gas_price"] };
      return (await client.ledgerService.getEpoch({ readMask }, { abort: signal })).response.epoch;
    }),
    rpc.read("getServiceInfo", async (client, signal) => {
      return (await client.ledgerService.getServiceInfo({}, { abort: signal })).response.timestamp;
    }),
  ]);
  if (!answer.ok) return answer;
  if (!service.ok) return service;
  const { epoch, referenceGasPrice } = answer.value ?? {};
  if (epoch === undefined || referenceGasPrice === undefined) {
    return err({ kind: "malformed-answer", call: "getEpoch", detail: "no epoch" });
  }
  if (service.value === undefined) {
    return err({ kind: "malformed-answer", call: "getServiceInfo", detail: "no timestamp" });
  }
  const ledgerMs = Number(service.value.seconds) * 1_000 + Math.floor(service.value.nanos / 1e6);
  return ok({ epoch: Number(epoch), referenceGasPrice, ledgerMs });
}

async function submit(
  rpc: Rpc,
  transactionBytes: Uint8Array,
  signature: string,
): ReturnType<Chain["submit"]> {
  const answer = await rpc.once(
    "executeTransaction",
    (client, signal) =>
      client.core.executeTransaction({
        transaction: transactionBytes,
        signatures: [signature],
        include: { effects: true, objectTypes: true },
        signal,
      }),
    SUI_SUBMIT_TIMEOUT_MS,
  );
  if (!answer.ok) return err(submitFailure(answer.failure));
  const executed = executedTransaction(answer.value);
  if (executed !== null) return ok(executed);
  const cause = {
    kind: "malformed-answer",
    call: "executeTransaction",
    detail: "no effects",
  } as const;
  return err({ kind: "unknown", cause });
}

function submitFailure(cause: ChainFailure): SubmitFailure {
  if (cause.kind !== "rpc-refused") return { kind: "unknown", cause };
  const reason = rejectionReason(cause.code, cause.detail);
  if (reason === null) return { kind: "unknown", cause };
  return { kind: "rejected", reason, detail: cause.detail };
}

async function findTransaction(rpc: Rpc, digest: string): ReturnType<Chain["findTransaction"]> {
  const answer = await rpc.read("getTransaction", async (client, signal) => {
    try {
      return await client.core.getTransaction({
        digest,
        include: { effects: true, objectTypes: true },
        signal,
      });
    } catch (error) {
      if (error instanceof TransactionError && error.reason === "notFound") return null;
      throw error;
    }
  });
  if (!answer.ok) return answer;
  if (answer.value === null) return ok(null);
  const executed = executedTransaction(answer.value);
  if (executed !== null) return ok(executed);
  return err({ kind: "malformed-answer", call: "getTransaction", detail: "no effects" });
}
