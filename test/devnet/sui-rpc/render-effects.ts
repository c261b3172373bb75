/** Effects and failures as protobuf messages. */
import { GrpcTypes } from "@mysten/sui/grpc";
import type { ParsedFailureStatus } from "../ledger/execution-error.ts";
import { digestOf } from "../ledger/digests.ts";
import type { EffectsV2, ExecutedTransaction } from "../ledger/types.ts";

const Input = GrpcTypes.ChangedObject_InputObjectState;
const Output = GrpcTypes.ChangedObject_OutputObjectState;
const Operation = GrpcTypes.ChangedObject_IdOperation;
const Unchanged = GrpcTypes.UnchangedConsensusObject_UnchangedConsensusObjectKind;
const Owners = GrpcTypes.Owner_OwnerKind;
const Errors = GrpcTypes.ExecutionError_ExecutionErrorKind;
const ArgumentErrors = GrpcTypes.CommandArgumentError_CommandArgumentErrorKind;
const TypeErrors = GrpcTypes.TypeArgumentError_TypeArgumentErrorKind;

type BcsOwner = NonNullable<EffectsV2["changedObjects"][number][1]["inputState"]["Exist"]>[1];

/** What `renderEffects` needs of a transaction. */
export type RenderedTransaction = Pick<
  ExecutedTransaction,
  "effects" | "effectsBytes" | "failure" | "objectTypes"
>;

export function renderEffects(transaction: RenderedTransaction): GrpcTypes.TransactionEffects {
  const { effects, effectsBytes, objectTypes } = transaction;
  const changedObjects = effects.changedObjects.map((entry) =>
    renderChange(entry, effects.lamportVersion, objectTypes[entry[0]]),
  );
  const gasObject =
    effects.gasObjectIndex === null ? undefined : changedObjects[effects.gasObjectIndex];
  return GrpcTypes.TransactionEffects.create({
    bcs: { name: "TransactionEffects", value: effectsBytes },
    digest: digestOf("TransactionEffects", effectsBytes),
    version: 2,
    status: renderStatus(transaction),
    epoch: BigInt(effects.executedEpoch),
    gasUsed: {
      computationCost: BigInt(effects.gasUsed.computationCost),
      storageCost: BigInt(effects.gasUsed.storageCost),
      storageRebate: BigInt(effects.gasUsed.storageRebate),
      nonRefundableStorageFee: BigInt(effects.gasUsed.nonRefundableStorageFee),
    },
    transactionDigest: effects.transactionDigest,
    ...(gasObject === undefined ? {} : { gasObject }),
    ...(effects.eventsDigest === null ? {} : { eventsDigest: effects.eventsDigest }),
    dependencies: effects.dependencies,
    lamportVersion: BigInt(effects.lamportVersion),
    changedObjects,
    unchangedConsensusObjects: effects.unchangedConsensusObjects.map(([objectId, kind]) => ({
      objectId,
      ...renderUnchanged(kind),
    })),
  });
}

function renderChange(
  [objectId, change]: EffectsV2["changedObjects"][number],
  lamportVersion: string,
  objectType: string | undefined,
): GrpcTypes.ChangedObject {
  const input = change.inputState.Exist;
  const output = change.outputState.ObjectWrite;
  return {
    objectId,
    inputState: input ? Input.EXISTS : Input.DOES_NOT_EXIST,
    ...(input
      ? {
          inputVersion: BigInt(input[0][0]),
          inputDigest: input[0][1],
          inputOwner: renderBcsOwner(input[1]),
        }
      : {}),
    outputState: output ? Output.OBJECT_WRITE : Output.DOES_NOT_EXIST,
    ...(output
      ? {
          outputVersion: BigInt(lamportVersion),
          outputDigest: output[0],
          outputOwner: renderBcsOwner(output[1]),
        }
      : {}),
    idOperation: {
      None: Operation.NONE,
      Created: Operation.CREATED,
      Deleted: Operation.DELETED,
    }[change.idOperation.$kind],
    ...(objectType === undefined ? {} : { objectType }),
  };
}

function renderBcsOwner(owner: BcsOwner): GrpcTypes.Owner {
  switch (owner.$kind) {
    case "AddressOwner":
      return { kind: Owners.ADDRESS, address: owner.AddressOwner };
    case "ObjectOwner":
      return { kind: Owners.OBJECT, address: owner.ObjectOwner };
    case "Shared":
      return { kind: Owners.SHARED, version: BigInt(owner.Shared.initialSharedVersion) };
    case "Immutable":
      return { kind: Owners.IMMUTABLE };
    case "ConsensusAddressOwner":
      return {
        kind: Owners.CONSENSUS_ADDRESS,
        address: owner.ConsensusAddressOwner.owner,
        version: BigInt(owner.ConsensusAddressOwner.startVersion),
      };
  }
}

function renderUnchanged(
  kind: EffectsV2["unchangedConsensusObjects"][number][1],
): GrpcTypes.UnchangedConsensusObject {
  if (kind.$kind === "ReadOnlyRoot") {
    const [version, digest] = kind.ReadOnlyRoot;
    return { kind: Unchanged.READ_ONLY_ROOT, version: BigInt(version), digest };
  }
  if (kind.$kind === "Cancelled") {
    return { kind: Unchanged.CANCELED, version: BigInt(kind.Cancelled) };
  }
  return { kind: Unchanged.UNCHANGED_CONSENSUS_OBJECT_KIND_UNKNOWN };
}

export function renderStatus({
  effects,
  failure,
}: Pick<ExecutedTransaction, "effects" | "failure">): GrpcTypes.ExecutionStatus {
  const failed = effects.status.Failure;
  if (failed === undefined || failed === null) return { success: true };
  return {
    success: false,
    error: {
      description: failure?.description ?? failed.error.$kind,
      ...(failed.command === null ? {} : { command: BigInt(failed.command) }),
      ...renderError(failed.error, failure?.constantName),
    },
  };
}

type RenderedError = Pick<GrpcTypes.ExecutionError, "kind" | "errorDetails">;

function renderError(error: ParsedFailureStatus, constantName: string | undefined): RenderedError {
  return { kind: errorKind(error.$kind), errorDetails: renderDetails(error, constantName) };
}

function renderDetails(
  error: ParsedFailureStatus,
  constantName: string | undefined,
): RenderedError["errorDetails"] {
  if (error.$kind === "MoveAbort") return renderAbort(error.MoveAbort, constantName);
  if (error.$kind === "CommandArgumentError") {
    const { argIdx, kind } = error.CommandArgumentError;
    return {
      oneofKind: "commandArgumentError",
      commandArgumentError: {
        argument: argIdx,
        kind: ArgumentErrors[screaming(kind.$kind, ARGUMENT_NAMES)],
        ...renderIndex(kind),
      },
    };
  }
  if (error.$kind === "TypeArgumentError") {
    const { argumentIdx, kind } = error.TypeArgumentError;
    return {
      oneofKind: "typeArgumentError",
      typeArgumentError: {
        typeArgument: argumentIdx,
        kind:
          kind.$kind === "TypeNotFound"
            ? TypeErrors.TYPE_NOT_FOUND
            : TypeErrors.CONSTRAINT_NOT_SATISFIED,
      },
    };
  }
  if (error.$kind === "UnusedValueWithoutDrop") {
    const { resultIdx, secondaryIdx } = error.UnusedValueWithoutDrop;
    return { oneofKind: "indexError", indexError: { index: resultIdx, subresult: secondaryIdx } };
  }
  if (error.$kind === "MoveObjectTooBig") {
    const { objectSize, maxObjectSize } = error.MoveObjectTooBig;
    const sizeError = { size: BigInt(objectSize), maxSize: BigInt(maxObjectSize) };
    return { oneofKind: "sizeError", sizeError };
  }
  if (error.$kind === "ExecutionCancelledDueToSharedObjectCongestion") {
    const objects = error.ExecutionCancelledDueToSharedObjectCongestion.congested_objects;
    return { oneofKind: "congestedObjects", congestedObjects: { objects } };
  }
  return { oneofKind: undefined };
}

function renderAbort(
  [location, code]: NonNullable<ParsedFailureStatus["MoveAbort"]>,
  constantName: string | undefined,
): RenderedError["errorDetails"] {
  return {
    oneofKind: "abort",
    abort: {
      abortCode: BigInt(code),
      location: {
        package: location.module.address,
        module: location.module.name,
        function: location.function,
        instruction: location.instruction,
        ...(location.functionName === null ? {} : { functionName: location.functionName }),
      },
      ...(constantName === undefined
        ? {}
        : {
            cleverError: {
              errorCode: BigInt(code),
              constantName,
              constantType: "u64",
              value: { oneofKind: "rendered", rendered: code },
            },
          }),
    },
  };
}

type ArgumentKind = NonNullable<ParsedFailureStatus["CommandArgumentError"]>["kind"];

function renderIndex(kind: ArgumentKind): Pick<GrpcTypes.CommandArgumentError, "indexError"> {
  if (kind.$kind === "IndexOutOfBounds")
    return { indexError: { index: kind.IndexOutOfBounds.idx } };
  if (kind.$kind === "SecondaryIndexOutOfBounds") {
    const { resultIdx, secondaryIdx } = kind.SecondaryIndexOutOfBounds;
    return { indexError: { index: resultIdx, subresult: secondaryIdx } };
  }
  if (kind.$kind === "InvalidResultArity") {
    return { indexError: { index: kind.InvalidResultArity.resultIdx } };
  }
  return {};
}

/** Names that differ between the BCS enum and the protobuf one. */
const ERROR_NAMES: Readonly<Record<string, string>> = {
  MoveObjectTooBig: "OBJECT_TOO_BIG",
  VMInvariantViolation: "VM_INVARIANT_VIOLATION",
  VMVerificationOrDeserializationError: "VM_VERIFICATION_OR_DESERIALIZATION_ERROR",
  SharedObjectOperationNotAllowed: "CONSENSUS_OBJECT_OPERATION_NOT_ALLOWED",
  ExecutionCancelledDueToSharedObjectCongestion:
    "EXECUTION_CANCELED_DUE_TO_CONSENSUS_OBJECT_CONGESTION",
};
const ARGUMENT_NAMES: Readonly<Record<string, string>> = {
  InvalidBCSBytes: "INVALID_BCS_BYTES",
  InvalidUsageOfPureArg: "INVALID_USAGE_OF_PURE_ARGUMENT",
  SharedObjectOperationNotAllowed: "CONSENSUS_OBJECT_OPERATION_NOT_ALLOWED",
};

function errorKind(name: string): GrpcTypes.ExecutionError_ExecutionErrorKind {
  return Errors[screaming(name, ERROR_NAMES) as keyof typeof Errors];
}

function screaming(
  name: string,
  exceptions: Readonly<Record<string, string>>,
): keyof typeof ArgumentErrors {
  const text = exceptions[name] ?? name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return text as keyof typeof ArgumentErrors;
}
