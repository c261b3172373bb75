/** `TransactionExecutionService`: simulate and execute. */
import { GrpcStatusCode, GrpcTypes } from "@mysten/sui/grpc";
import { simulate } from "../ledger/simulate.ts";
import type { Refusal } from "../ledger/types.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import { invalidArgument, LostReply, RpcFailure } from "./failure.ts";
import { method, type RpcMethod, type RpcNode } from "./node.ts";
import { applyReadMask } from "./read-mask.ts";
import { renderEffects } from "./render-effects.ts";
import { renderEvent, renderExecuted, renderTransactionData } from "./render-transaction.ts";
import { resolveSketch } from "./resolve.ts";

const Service = GrpcTypes.TransactionExecutionService;
const EXECUTE_MASK = ["effects.status", "checkpoint"];
const DISABLED = GrpcTypes.SimulateTransactionRequest_TransactionChecks.DISABLED;

export const executionMethods: readonly RpcMethod[] = [
  method(Service, "ExecuteTransaction", executeTransaction),
  method(Service, "SimulateTransaction", simulateTransaction),
];

async function executeTransaction(
  request: GrpcTypes.ExecuteTransactionRequest,
  node: RpcNode,
): Promise<GrpcTypes.ExecuteTransactionResponse> {
  const bytes = transactionBytes(request.transaction);
  const signatures = request.signatures.map((signature) => {
    const value = signature.bcs?.value;
    if (value === undefined) throw invalidArgument("missing signatures.bcs");
    return toBase64(value);
  });
  const accepted = await node.ledger.accept(bytes, signatures);
  if (!accepted.ok) throw refusalToFailure(accepted.failure);
  if (node.faults.fault === "execute-later") {
    node.defer(() => void node.ledger.execute(accepted.value));
    throw new RpcFailure(
      GrpcStatusCode.DEADLINE_EXCEEDED,
      "Transaction timed out before reaching finality",
    );
  }
  const executed = node.ledger.execute(accepted.value);
  if (!executed.ok) throw refusalToFailure(executed.failure);
  if (node.faults.fault === "lose-reply") throw new LostReply();
  const {
    checkpoint: _checkpoint,
    timestamp: _timestamp,
    ...rest
  } = renderExecuted(executed.value);
  return {
    transaction: applyReadMask(
      GrpcTypes.ExecutedTransaction,
      rest,
      request.readMask?.paths ?? EXECUTE_MASK,
    ),
  };
}

function transactionBytes(transaction: GrpcTypes.Transaction | undefined): Uint8Array {
  const bytes = transaction?.bcs?.value;
  if (bytes === undefined) {
    throw invalidArgument(
      "missing transaction.bcs: only serialized transactions are executed here",
    );
  }
  return bytes;
}

/** A fullnode answers a refusal with INVALID_ARGUMENT and its validators' words, locks included. */
function refusalToFailure({ message }: Refusal): RpcFailure {
  return invalidArgument(
    `Transaction is rejected as invalid by more than 1/3 of validators by stake (non-retriable). Non-retriable errors: [${message}].`,
  );
}

function simulateTransaction(
  request: GrpcTypes.SimulateTransactionRequest,
  node: RpcNode,
): GrpcTypes.SimulateTransactionResponse {
  if (request.transaction === undefined) throw invalidArgument("missing transaction");
  const view = node.view();
  const sketch = resolveSketch(request.transaction, { ...node.ledger.environment(), view });
  const options = {
    ...sketch,
    selectGas: request.doGasSelection === true,
    checks: request.checks !== DISABLED,
  };
  const simulation = simulate(node.ledger, options, view);
  if (!simulation.ok) throw invalidArgument(simulation.failure.message);
  const { outcome, commandResults, data, bytes, digest } = simulation.value;
  const transaction = GrpcTypes.ExecutedTransaction.create({
    digest,
    transaction: {
      bcs: { name: "TransactionData", value: bytes },
      digest,
      ...renderTransactionData(data),
    },
    effects: renderEffects(outcome),
    ...(outcome.events.length > 0
      ? { events: GrpcTypes.TransactionEvents.create({ events: outcome.events.map(renderEvent) }) }
      : {}),
    balanceChanges: outcome.balanceChanges.map(({ address, coinType, amount }) => ({
      address,
      coinType,
      amount: amount.toString(),
    })),
  });
  const response = GrpcTypes.SimulateTransactionResponse.create({
    transaction,
    commandOutputs: commandResults.map((results) => ({
      returnValues: results.map(({ type, value }) => ({
        value: { name: type, value: node.ledger.registry.serialize(type, value) },
      })),
      mutatedByRef: [],
    })),
    suggestedGasPrice: node.ledger.referenceGasPrice,
  });
  return applyReadMask(
    GrpcTypes.SimulateTransactionResponse,
    response,
    request.readMask?.paths ?? ["*"],
  );
}
