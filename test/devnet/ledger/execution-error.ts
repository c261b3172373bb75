/** Why a command failed, as Sui's `ExecutionFailureStatus`, and in words. */
import type { bcs } from "@mysten/sui/bcs";
import type { MoveAbortDetails } from "./move.ts";
import type { EffectsV2, Variant } from "./types.ts";

type EffectsInput = Variant<Parameters<typeof bcs.TransactionEffects.serialize>[0], "V2">;
/** The BCS enum as the serializer takes it. */
export type FailureStatus = Variant<EffectsInput["status"], "Failure">["error"];
export type ArgumentErrorKind = Variant<FailureStatus, "CommandArgumentError">["kind"];
/** The BCS enum as the parser gives it. */
export type ParsedFailureStatus = NonNullable<EffectsV2["status"]["Failure"]>["error"];

/** Aborts the transaction with a failure status. The ledger adds the command index. */
export class ExecutionError extends Error {
  readonly status: FailureStatus;
  readonly constantName: string | undefined;

  constructor(status: FailureStatus, details?: string, constantName?: string) {
    super(details ?? describe(status));
    this.name = "ExecutionError";
    this.status = status;
    this.constantName = constantName;
  }
}

/** A wrong argument of the running command. */
export function argumentError(argIdx: number, kind: ArgumentErrorKind): ExecutionError {
  return new ExecutionError({ CommandArgumentError: { argIdx, kind } });
}

/** A Move abort inside `packageId`. */
export function abortError(details: MoveAbortDetails, packageId: string): ExecutionError {
  return new ExecutionError(
    {
      MoveAbort: [
        {
          module: { address: details.packageId ?? packageId, name: details.module },
          function: 0,
          instruction: 0,
          functionName: details.functionName,
        },
        details.code,
      ],
    },
    undefined,
    details.constantName,
  );
}

function describe(status: FailureStatus): string {
  const [name, data] = Object.entries(status).find(([key]) => key !== "$kind") ?? ["Unknown"];
  if (data === true || data === undefined || data === null) return name;
  const text = JSON.stringify(data, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return `${name}(${text})`;
}
