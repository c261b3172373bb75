/** `LedgerService`: objects, transactions, epochs, checkpoints, the node itself. */
import { GrpcStatusCode, GrpcTypes } from "@mysten/sui/grpc";
import { isValidSuiAddress, normalizeSuiAddress } from "@mysten/sui/utils";
import { hash256 } from "../ledger/digests.ts";
import { MAX_GAS_BUDGET, MAX_TRANSACTION_BYTES, PROTOCOL_VERSION } from "../ledger/limits.ts";
import { toBase58 } from "../../../shared/bytes/text.ts";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { invalidArgument, notFound, RpcFailure } from "./failure.ts";
import { method, type RpcMethod, type RpcNode } from "./node.ts";
import { applyReadMask } from "./read-mask.ts";
import { renderObject, timestamp } from "./render-object.ts";
import { renderExecuted } from "./render-transaction.ts";

const Service = GrpcTypes.LedgerService;
const OBJECT_MASK = ["object_id", "version", "digest"];
const TRANSACTION_MASK = ["digest"];
const EPOCH_MASK = [
  "epoch",
  "first_checkpoint",
  "last_checkpoint",
  "start",
  "end",
  "reference_gas_price",
  "protocol_config.protocol_version",
];
const CHECKPOINT_MASK = ["sequence_number", "digest"];

export const ledgerMethods: readonly RpcMethod[] = [
  method(Service, "GetServiceInfo", getServiceInfo),
  method(Service, "GetObject", getObject),
  method(Service, "BatchGetObjects", batchGetObjects),
  method(Service, "GetTransaction", getTransaction),
  method(Service, "BatchGetTransactions", batchGetTransactions),
  method(Service, "GetEpoch", getEpoch),
  method(Service, "GetCheckpoint", getCheckpoint),
];

function getServiceInfo(
  _request: GrpcTypes.GetServiceInfoRequest,
  { ledger, chain, knownTransactions }: RpcNode,
): GrpcTypes.GetServiceInfoResponse {
  return {
    chainId: ledger.chainId,
    chain,
    epoch: ledger.suiEpoch,
    checkpointHeight: BigInt(knownTransactions() - 1),
    timestamp: timestamp(ledger.clock.nowMs()),
    lowestAvailableCheckpoint: 0n,
    lowestAvailableCheckpointObjects: 0n,
    server: "walrus-edge-devnet/0.1",
  };
}

function getObject(
  request: GrpcTypes.GetObjectRequest,
  node: RpcNode,
): GrpcTypes.GetObjectResponse {
  return { object: readObject(request, request.readMask?.paths ?? OBJECT_MASK, node) };
}

function readObject(
  { objectId, version }: GrpcTypes.GetObjectRequest,
  paths: readonly string[],
  node: RpcNode,
): GrpcTypes.Object {
  if (objectId === undefined || !isValidSuiAddress(normalizeSuiAddress(objectId))) {
    throw invalidArgument(`invalid object_id: ${objectId ?? "missing"}`);
  }
  const id = normalizeSuiAddress(objectId);
  const object =
    version === undefined ? node.view().get(id) : node.ledger.objectVersion(id, version);
  if (object === undefined) {
    const at = version === undefined ? "" : ` with version ${version}`;
    throw notFound(`Object ${id}${at} not found`);
  }
  return applyReadMask(GrpcTypes.Object, renderObject(object, node.ledger.registry, paths), paths);
}

function batchGetObjects(
  request: GrpcTypes.BatchGetObjectsRequest,
  node: RpcNode,
): GrpcTypes.BatchGetObjectsResponse {
  const paths = request.readMask?.paths ?? OBJECT_MASK;
  return {
    objects: request.requests.map((one) => ({
      result: attempt(() => ({
        oneofKind: "object" as const,
        object: readObject(one, paths, node),
      })),
    })),
  };
}

/** A result, or the failure of this one item. */
function attempt<T>(read: () => T): T | { oneofKind: "error"; error: Status } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error;
    return {
      oneofKind: "error",
      error: { code: error.code, message: error.message, details: [] },
    };
  }
}

type Status = Extract<GrpcTypes.GetObjectResult["result"], { oneofKind: "error" }>["error"];

function getTransaction(
  request: GrpcTypes.GetTransactionRequest,
  node: RpcNode,
): GrpcTypes.GetTransactionResponse {
  const paths = request.readMask?.paths ?? TRANSACTION_MASK;
  return { transaction: readTransaction(request.digest, paths, node) };
}

function readTransaction(
  digest: string | undefined,
  paths: readonly string[],
  { ledger, knownTransactions }: RpcNode,
): GrpcTypes.ExecutedTransaction {
  if (digest === undefined) throw invalidArgument("missing digest");
  const executed = ledger.transaction(digest);
  if (executed === undefined || executed.sequence >= knownTransactions()) {
    throw notFound(`Transaction ${digest} not found`);
  }
  return applyReadMask(GrpcTypes.ExecutedTransaction, renderExecuted(executed), paths);
}

function batchGetTransactions(
  request: GrpcTypes.BatchGetTransactionsRequest,
  node: RpcNode,
): GrpcTypes.BatchGetTransactionsResponse {
  const paths = request.readMask?.paths ?? TRANSACTION_MASK;
  return {
    transactions: request.digests.map((digest) => ({
      result: attempt(() => ({
        oneofKind: "transaction" as const,
        transaction: readTransaction(digest, paths, node),
      })),
    })),
  };
}

function getEpoch(
  request: GrpcTypes.GetEpochRequest,
  { ledger }: RpcNode,
): GrpcTypes.GetEpochResponse {
  const number = request.epoch ?? ledger.suiEpoch;
  const epoch = ledger.epoch(number);
  if (epoch === undefined) throw notFound(`Epoch ${number} not found`);
  const next = ledger.epoch(number + 1n);
  const message = GrpcTypes.Epoch.create({
    epoch: epoch.epoch,
    firstCheckpoint: epoch.firstCheckpoint,
    start: timestamp(epoch.startMs),
    ...(next === undefined
      ? {}
      : { end: timestamp(next.startMs), lastCheckpoint: next.firstCheckpoint - 1n }),
    referenceGasPrice: ledger.referenceGasPrice,
    protocolConfig: {
      protocolVersion: PROTOCOL_VERSION,
      attributes: {
        max_tx_size_bytes: String(MAX_TRANSACTION_BYTES),
        max_tx_gas: String(MAX_GAS_BUDGET),
      },
    },
    systemState: {
      version: 2n,
      epoch: epoch.epoch,
      protocolVersion: PROTOCOL_VERSION,
      referenceGasPrice: ledger.referenceGasPrice,
      epochStartTimestampMs: BigInt(epoch.startMs),
      safeMode: false,
      parameters: { epochDurationMs: BigInt(ledger.suiEpochDurationMs) },
    },
  });
  const paths = request.readMask?.paths ?? EPOCH_MASK;
  return { epoch: applyReadMask(GrpcTypes.Epoch, message, paths) };
}

function getCheckpoint(
  request: GrpcTypes.GetCheckpointRequest,
  { ledger, knownTransactions }: RpcNode,
): GrpcTypes.GetCheckpointResponse {
  const { checkpointId } = request;
  const newest = knownTransactions() - 1;
  let sequence = newest;
  if (checkpointId.oneofKind === "sequenceNumber") sequence = Number(checkpointId.sequenceNumber);
  else if (checkpointId.oneofKind === "digest") {
    throw new RpcFailure(
      GrpcStatusCode.UNIMPLEMENTED,
      "checkpoints are found by sequence number here",
    );
  }
  const executed = sequence <= newest ? ledger.transactionAt(sequence) : undefined;
  if (executed === undefined) throw notFound(`Checkpoint ${sequence} not found`);
  const message = GrpcTypes.Checkpoint.create({
    sequenceNumber: executed.checkpoint,
    digest: checkpointDigest(ledger.chainId, sequence),
    summary: {
      sequenceNumber: executed.checkpoint,
      digest: checkpointDigest(ledger.chainId, sequence),
      epoch: BigInt(executed.effects.executedEpoch),
      totalNetworkTransactions: BigInt(sequence + 1),
      ...(sequence > 0 ? { previousDigest: checkpointDigest(ledger.chainId, sequence - 1) } : {}),
      timestamp: timestamp(executed.timestampMs),
    },
    transactions: [renderExecuted(executed)],
  });
  const paths = request.readMask?.paths ?? CHECKPOINT_MASK;
  return { checkpoint: applyReadMask(GrpcTypes.Checkpoint, message, paths) };
}

/** An identifier, not a hash of contents: this ledger signs no checkpoints. */
function checkpointDigest(chainId: string, sequence: number): string {
  return toBase58(hash256(utf8Bytes(`${chainId} checkpoint ${sequence}`)));
}
