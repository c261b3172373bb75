/** Transaction data and executed transactions as protobuf messages. */
import { bcs } from "@mysten/sui/bcs";
import { GrpcTypes } from "@mysten/sui/grpc";
import type { Argument, CallInput, Command } from "../ledger/slots.ts";
import type { ExecutedTransaction, LedgerEvent, TransactionData } from "../ledger/types.ts";
import { fromBase64 } from "../../../shared/bytes/text.ts";
import { renderEffects } from "./render-effects.ts";
import { renderJson, timestamp } from "./render-object.ts";

const Inputs = GrpcTypes.Input_InputKind;
const Arguments = GrpcTypes.Argument_ArgumentKind;
const Kinds = GrpcTypes.TransactionKind_Kind;
const Expirations = GrpcTypes.TransactionExpiration_TransactionExpirationKind;

/** Everything about an executed transaction; the read mask cuts it down. */
export function renderExecuted(executed: ExecutedTransaction): GrpcTypes.ExecutedTransaction {
  return GrpcTypes.ExecutedTransaction.create({
    digest: executed.digest,
    transaction: renderTransactionBytes(executed.transactionBytes, executed.digest),
    signatures: executed.signatures.map((signature) => ({
      bcs: { name: "UserSignature", value: fromBase64(signature) ?? new Uint8Array() },
      signature: { oneofKind: undefined },
    })),
    effects: renderEffects(executed),
    ...(executed.events.length > 0 ? { events: renderEvents(executed) } : {}),
    checkpoint: executed.checkpoint,
    timestamp: timestamp(executed.timestampMs),
    balanceChanges: executed.balanceChanges.map(({ address, coinType, amount }) => ({
      address,
      coinType,
      amount: amount.toString(),
    })),
    transactionIndex: 0n,
  });
}

function renderEvents(executed: ExecutedTransaction): GrpcTypes.TransactionEvents {
  return GrpcTypes.TransactionEvents.create({
    ...(executed.eventsDigest === null ? {} : { digest: executed.eventsDigest }),
    events: executed.events.map((event, index) => ({
      ...renderEvent(event),
      checkpoint: executed.checkpoint,
      transactionDigest: executed.digest,
      transactionIndex: 0n,
      eventIndex: index,
    })),
  });
}

export function renderEvent(event: LedgerEvent): GrpcTypes.Event {
  return {
    packageId: event.packageId,
    module: event.module,
    sender: event.sender,
    eventType: event.type,
    contents: { name: event.type, value: event.contents },
    json: renderJson(event.value),
  };
}

/** A transaction from its bytes; system transactions have none and render as an empty kind. */
export function renderTransactionBytes(bytes: Uint8Array, digest: string): GrpcTypes.Transaction {
  if (bytes.length === 0) {
    return {
      digest,
      version: 1,
      kind: {
        kind: Kinds.PROGRAMMABLE_SYSTEM_TRANSACTION,
        data: {
          oneofKind: "programmableTransaction",
          programmableTransaction: { inputs: [], commands: [] },
        },
      },
      sender: `0x${"0".repeat(64)}`,
    };
  }
  return {
    bcs: { name: "TransactionData", value: bytes },
    digest,
    ...renderTransactionData(bcs.TransactionData.parse(bytes).V1),
  };
}

export function renderTransactionData(data: TransactionData["V1"]): GrpcTypes.Transaction {
  const programmable = data.kind.ProgrammableTransaction;
  if (programmable === undefined || programmable === null) {
    throw new TypeError(`Cannot render ${data.kind.$kind}: expected a programmable transaction`);
  }
  return {
    version: 1,
    kind: {
      kind: Kinds.PROGRAMMABLE_TRANSACTION,
      data: {
        oneofKind: "programmableTransaction",
        programmableTransaction: {
          inputs: programmable.inputs.map(renderInput),
          commands: programmable.commands.map((command) => ({ command: renderCommand(command) })),
        },
      },
    },
    sender: data.sender,
    gasPayment: {
      objects: data.gasData.payment.map(renderReference),
      owner: data.gasData.owner,
      price: BigInt(data.gasData.price),
      budget: BigInt(data.gasData.budget),
    },
    expiration: renderExpiration(data.expiration),
  };
}

function renderExpiration(
  expiration: TransactionData["V1"]["expiration"],
): GrpcTypes.TransactionExpiration {
  switch (expiration.$kind) {
    case "None":
      return { kind: Expirations.NONE };
    case "Epoch":
      return { kind: Expirations.EPOCH, epoch: BigInt(expiration.Epoch) };
    case "ValidDuring":
      return { kind: Expirations.VALID_DURING, ...renderDuring(expiration.ValidDuring) };
    case "Validity": {
      const { allowedProposers } = expiration.Validity;
      return {
        kind: Expirations.VALIDITY,
        ...renderDuring(expiration.Validity),
        ...(allowedProposers === null
          ? {}
          : {
              allowedProposers: {
                epoch: BigInt(allowedProposers.epoch),
                proposers: [...allowedProposers.proposers],
              },
            }),
      };
    }
  }
}

type During = NonNullable<TransactionData["V1"]["expiration"]["ValidDuring"]>;

function renderDuring(during: During): GrpcTypes.TransactionExpiration {
  const { minEpoch, maxEpoch, minTimestamp, maxTimestamp, chain, nonce } = during;
  return {
    ...(minEpoch === null ? {} : { minEpoch: BigInt(minEpoch) }),
    ...(maxEpoch === null ? {} : { epoch: BigInt(maxEpoch) }),
    ...(minTimestamp === null ? {} : { minTimestamp: timestamp(Number(minTimestamp)) }),
    ...(maxTimestamp === null ? {} : { maxTimestamp: timestamp(Number(maxTimestamp)) }),
    chain,
    nonce,
  };
}

function renderInput(input: CallInput): GrpcTypes.Input {
  if (input.$kind === "Pure") {
    return { kind: Inputs.PURE, pure: fromBase64(input.Pure.bytes) ?? new Uint8Array() };
  }
  if (input.$kind === "FundsWithdrawal") {
    throw new TypeError("Cannot render a funds withdrawal: not supported here");
  }
  if (input.Object.$kind === "SharedObject") {
    const { objectId, initialSharedVersion, mutable } = input.Object.SharedObject;
    return { kind: Inputs.SHARED, objectId, version: BigInt(initialSharedVersion), mutable };
  }
  if (input.Object.$kind === "Receiving") {
    return { kind: Inputs.RECEIVING, ...renderReference(input.Object.Receiving) };
  }
  return { kind: Inputs.IMMUTABLE_OR_OWNED, ...renderReference(input.Object.ImmOrOwnedObject) };
}

function renderReference(reference: {
  readonly objectId: string;
  readonly version: string;
  readonly digest: string;
}): GrpcTypes.ObjectReference {
  return { ...reference, version: BigInt(reference.version) };
}

function renderArgument(argument: Argument): GrpcTypes.Argument {
  switch (argument.$kind) {
    case "GasCoin":
      return { kind: Arguments.GAS };
    case "Input":
      return { kind: Arguments.INPUT, input: argument.Input };
    case "Result":
      return { kind: Arguments.RESULT, result: argument.Result };
    case "NestedResult": {
      const [result, subresult] = argument.NestedResult;
      return { kind: Arguments.RESULT, result, subresult };
    }
  }
}

function renderCommand(command: Command): GrpcTypes.Command["command"] {
  switch (command.$kind) {
    case "MoveCall":
      return {
        oneofKind: "moveCall",
        moveCall: {
          ...command.MoveCall,
          typeArguments: [...command.MoveCall.typeArguments],
          arguments: command.MoveCall.arguments.map(renderArgument),
        },
      };
    case "TransferObjects":
      return {
        oneofKind: "transferObjects",
        transferObjects: {
          objects: command.TransferObjects.objects.map(renderArgument),
          address: renderArgument(command.TransferObjects.address),
        },
      };
    case "SplitCoins":
      return {
        oneofKind: "splitCoins",
        splitCoins: {
          coin: renderArgument(command.SplitCoins.coin),
          amounts: command.SplitCoins.amounts.map(renderArgument),
        },
      };
    case "MergeCoins":
      return {
        oneofKind: "mergeCoins",
        mergeCoins: {
          coin: renderArgument(command.MergeCoins.destination),
          coinsToMerge: command.MergeCoins.sources.map(renderArgument),
        },
      };
    case "MakeMoveVec":
      return {
        oneofKind: "makeMoveVector",
        makeMoveVector: {
          ...(command.MakeMoveVec.type === null ? {} : { elementType: command.MakeMoveVec.type }),
          elements: command.MakeMoveVec.elements.map(renderArgument),
        },
      };
    case "Publish":
    case "Upgrade":
      throw new TypeError(`Cannot render ${command.$kind}: not supported here`);
  }
}
