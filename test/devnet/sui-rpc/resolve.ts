/**
 * Server-side resolution: a transaction as clients sketch it becomes complete transaction data.
 *
 * Fills object versions and digests, initial shared versions, whether shared objects are taken
 * mutably (from the signatures of the functions they go to), sender, gas owner and price.
 */
import { bcs } from "@mysten/sui/bcs";
import { GrpcTypes } from "@mysten/sui/grpc";
import { normalizeSuiAddress } from "@mysten/sui/utils";
import type { CheckEnvironment } from "../ledger/check.ts";
import { clone } from "../ledger/transaction-data.ts";
import type { TransactionData } from "../ledger/types.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import { invalidArgument } from "./failure.ts";

const Inputs = GrpcTypes.Input_InputKind;
const Arguments = GrpcTypes.Argument_ArgumentKind;
const Expirations = GrpcTypes.TransactionExpiration_TransactionExpirationKind;

type DataInput = Extract<
  Parameters<typeof bcs.TransactionData.serialize>[0],
  { readonly V1: unknown }
>["V1"];
type ProgrammableInput = Extract<
  DataInput["kind"],
  { readonly ProgrammableTransaction: unknown }
>["ProgrammableTransaction"];
type Items<T> = T extends Iterable<infer Item> ? Item : never;
type InputInput = Items<ProgrammableInput["inputs"]>;
type CommandInput = Items<ProgrammableInput["commands"]>;
type ArgumentInput = Extract<
  CommandInput,
  { readonly TransferObjects: unknown }
>["TransferObjects"]["address"];

const ZERO_ADDRESS = `0x${"0".repeat(64)}`;

/** What the client left open about gas. */
export interface ResolvedSketch {
  readonly data: TransactionData["V1"];
  readonly hasBudget: boolean;
  readonly hasPayment: boolean;
}

/**
 * @throws {RpcFailure} INVALID_ARGUMENT when the sketch names what does not exist.
 */
export function resolveSketch(
  transaction: GrpcTypes.Transaction,
  environment: CheckEnvironment,
): ResolvedSketch {
  const bytes = transaction.bcs?.value;
  if (bytes !== undefined) return fromBytes(bytes);
  const data = transaction.kind?.data;
  if (data?.oneofKind !== "programmableTransaction") {
    throw invalidArgument("missing kind: expected a programmable transaction");
  }
  const { inputs, commands } = data.programmableTransaction;
  const mutable = mutableInputs(commands, environment);
  const sender = normalizeSuiAddress(transaction.sender ?? ZERO_ADDRESS);
  const gas = transaction.gasPayment;
  const sketch: DataInput = {
    kind: {
      ProgrammableTransaction: {
        inputs: inputs.map((input, index) => resolveInput(input, mutable.has(index), environment)),
        commands: commands.map(resolveCommand),
      },
    },
    sender,
    gasData: {
      payment: (gas?.objects ?? []).map(resolveReference),
      owner: gas?.owner ?? sender,
      price: gas?.price ?? environment.referenceGasPrice,
      budget: gas?.budget ?? 0n,
    },
    expiration: resolveExpiration(transaction.expiration),
  };
  return {
    data: clone(sketch),
    hasBudget: gas?.budget !== undefined,
    hasPayment: (gas?.objects.length ?? 0) > 0,
  };
}

function fromBytes(bytes: Uint8Array): ResolvedSketch {
  try {
    const data = bcs.TransactionData.parse(bytes).V1;
    const { budget, payment } = data.gasData;
    return { data, hasBudget: budget !== "0", hasPayment: payment.length > 0 };
  } catch (error) {
    throw invalidArgument(`invalid transaction BCS: ${(error as Error).message}`);
  }
}

function mutableInputs(
  commands: readonly GrpcTypes.Command[],
  { registry }: CheckEnvironment,
): Set<number> {
  const mutable = new Set<number>();
  const add = (argument: GrpcTypes.Argument | undefined): void => {
    if (argument?.kind === Arguments.INPUT) mutable.add(argument.input ?? 0);
  };
  for (const { command } of commands) {
    if (command.oneofKind === "moveCall") {
      const { package: id = "", module = "", function: name = "" } = command.moveCall;
      const resolved = registry.function(id, module, name);
      if (resolved === undefined) {
        throw invalidArgument(`function not found: ${id}::${module}::${name}`);
      }
      for (const [index, argument] of command.moveCall.arguments.entries()) {
        if (resolved.parameters[index]?.reference !== "immutable") add(argument);
      }
    } else if (command.oneofKind === "transferObjects") {
      for (const argument of command.transferObjects.objects) add(argument);
    } else if (command.oneofKind === "splitCoins") add(command.splitCoins.coin);
    else if (command.oneofKind === "mergeCoins") {
      add(command.mergeCoins.coin);
      for (const argument of command.mergeCoins.coinsToMerge) add(argument);
    } else if (command.oneofKind === "makeMoveVector") {
      for (const argument of command.makeMoveVector.elements) add(argument);
    }
  }
  return mutable;
}

function resolveInput(
  input: GrpcTypes.Input,
  isMutable: boolean,
  { view }: CheckEnvironment,
): InputInput {
  if (input.pure !== undefined) return { Pure: { bytes: toBase64(input.pure) } };
  if (input.kind === Inputs.FUNDS_WITHDRAWAL || input.kind === Inputs.RECEIVING) {
    throw invalidArgument(`input kind ${Inputs[input.kind]} is not supported here`);
  }
  if (input.objectId === undefined) {
    throw invalidArgument("invalid input: expected pure bytes or an object id");
  }
  const object = view.get(normalizeSuiAddress(input.objectId));
  if (object === undefined) throw invalidArgument(`object ${input.objectId} not found`);
  if (object.owner.kind === "shared") {
    const declared = input.kind === Inputs.SHARED ? input.mutable : undefined;
    return {
      Object: {
        SharedObject: {
          objectId: object.id,
          initialSharedVersion: input.version ?? object.owner.initialVersion,
          mutable: declared ?? (input.mutable === true || isMutable),
        },
      },
    };
  }
  return {
    Object: {
      ImmOrOwnedObject: {
        objectId: object.id,
        version: input.version ?? object.version,
        digest: input.digest ?? object.digest,
      },
    },
  };
}

function resolveReference({ objectId, version, digest }: GrpcTypes.ObjectReference): {
  objectId: string;
  version: bigint;
  digest: string;
} {
  if (objectId === undefined || version === undefined || digest === undefined) {
    throw invalidArgument("invalid gas payment: expected object id, version and digest");
  }
  return { objectId, version, digest };
}

function resolveArgument(argument: GrpcTypes.Argument | undefined): ArgumentInput {
  switch (argument?.kind) {
    case Arguments.GAS:
      return { GasCoin: true };
    case Arguments.INPUT:
      return { Input: argument.input ?? 0 };
    case Arguments.RESULT:
      return argument.subresult === undefined
        ? { Result: argument.result ?? 0 }
        : { NestedResult: [argument.result ?? 0, argument.subresult] };
    case Arguments.ARGUMENT_KIND_UNKNOWN:
    case undefined:
      throw invalidArgument("invalid argument: unknown kind");
  }
}

function resolveCommand({ command }: GrpcTypes.Command): CommandInput {
  switch (command.oneofKind) {
    case "moveCall": {
      const { package: id = "", module = "", function: name = "" } = command.moveCall;
      return {
        MoveCall: {
          package: id,
          module,
          function: name,
          typeArguments: command.moveCall.typeArguments,
          arguments: command.moveCall.arguments.map(resolveArgument),
        },
      };
    }
    case "transferObjects":
      return {
        TransferObjects: {
          objects: command.transferObjects.objects.map(resolveArgument),
          address: resolveArgument(command.transferObjects.address),
        },
      };
    case "splitCoins":
      return {
        SplitCoins: {
          coin: resolveArgument(command.splitCoins.coin),
          amounts: command.splitCoins.amounts.map(resolveArgument),
        },
      };
    case "mergeCoins":
      return {
        MergeCoins: {
          destination: resolveArgument(command.mergeCoins.coin),
          sources: command.mergeCoins.coinsToMerge.map(resolveArgument),
        },
      };
    case "makeMoveVector":
      return {
        MakeMoveVec: {
          type: command.makeMoveVector.elementType ?? null,
          elements: command.makeMoveVector.elements.map(resolveArgument),
        },
      };
    case "publish":
    case "upgrade":
    case undefined:
      throw invalidArgument(
        `command ${command.oneofKind ?? "unknown"} is not supported: this ledger runs no bytecode`,
      );
  }
}

function resolveExpiration(
  expiration: GrpcTypes.TransactionExpiration | undefined,
): DataInput["expiration"] {
  switch (expiration?.kind) {
    case undefined:
    case Expirations.TRANSACTION_EXPIRATION_KIND_UNKNOWN:
    case Expirations.NONE:
      return { None: true };
    case Expirations.EPOCH:
      return { Epoch: Number(expiration.epoch ?? 0n) };
    case Expirations.VALID_DURING:
      return { ValidDuring: resolveDuring(expiration) };
    case Expirations.VALIDITY: {
      const { allowedProposers } = expiration;
      return {
        Validity: {
          ...resolveDuring(expiration),
          allowedProposers:
            allowedProposers === undefined
              ? null
              : {
                  epoch: allowedProposers.epoch ?? 0n,
                  proposers: allowedProposers.proposers,
                },
        },
      };
    }
  }
}

type DuringInput = Extract<
  DataInput["expiration"],
  { readonly ValidDuring: unknown }
>["ValidDuring"];

function resolveDuring(expiration: GrpcTypes.TransactionExpiration): DuringInput {
  return {
    minEpoch: expiration.minEpoch ?? null,
    maxEpoch: expiration.epoch ?? null,
    minTimestamp: milliseconds(expiration.minTimestamp),
    maxTimestamp: milliseconds(expiration.maxTimestamp),
    chain: expiration.chain ?? "",
    nonce: expiration.nonce ?? 0,
  };
}

function milliseconds(value: { seconds: bigint; nanos: number } | undefined): bigint | null {
  return value === undefined ? null : value.seconds * 1000n + BigInt(value.nanos) / 1_000_000n;
}
