/**
 * Reads what a transaction paid to whom, and the first of its inputs: what an upload relay checks.
 *
 * Apart from the chain port, because nothing else asks for it.
 */
import { GrpcTypes } from "@mysten/sui/grpc";
import { normalizeStructTag } from "@mysten/sui/utils";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure } from "./chain.ts";
import { createRpc, type RpcOptions } from "./rpc.ts";

/** What is known of an executed transaction. */
export interface Payment {
  readonly digest: string;
  readonly succeeded: boolean;
  /** Time of its checkpoint; `null` while it is in none. */
  readonly timestampMs: number | null;
  /** Bytes of input 0 of a programmable transaction; `null` when it is no pure value. */
  readonly firstInput: Uint8Array | null;
  readonly balanceChanges: readonly {
    readonly address: string;
    /** In full form. */
    readonly coinType: string;
    readonly amount: bigint;
  }[];
}

/** Reads payments by digest (base58); `null` when this RPC node does not know the transaction. */
export type ReadPayment = (digest: string) => Promise<Result<Payment | null, ChainFailure>>;

const CALL = "getTransaction";
const READ_MASK = {
  paths: ["digest", "transaction", "effects.status", "balance_changes", "timestamp"],
};

/** Makes the reader over one RPC node. */
export function createPaymentReader(options: RpcOptions): ReadPayment {
  const rpc = createRpc(options);
  return async (digest) => {
    const answer = await rpc.read(CALL, async (client, signal) => {
      const request = { digest, readMask: READ_MASK };
      return (await client.ledgerService.getTransaction(request, { abort: signal })).response;
    });
    if (!answer.ok) {
      const { failure } = answer;
      const isUnknown = failure.kind === "rpc-refused" && failure.code === "NOT_FOUND";
      return isUnknown ? ok(null) : answer;
    }
    const payment = paymentOf(answer.value.transaction);
    return payment === null
      ? err({ kind: "malformed-answer", call: CALL, detail: "no transaction" })
      : ok(payment);
  };
}

function paymentOf(executed: GrpcTypes.ExecutedTransaction | undefined): Payment | null {
  const { digest, effects, timestamp, balanceChanges, transaction } = executed ?? {};
  if (digest === undefined || transaction === undefined) return null;
  return {
    digest,
    succeeded: effects?.status?.success === true,
    timestampMs:
      timestamp === undefined
        ? null
        : Number(timestamp.seconds) * 1_000 + Math.floor(timestamp.nanos / 1_000_000),
    firstInput: firstPureInput(transaction),
    balanceChanges: (balanceChanges ?? []).flatMap(({ address, coinType, amount }) =>
      address === undefined || coinType === undefined || amount === undefined
        ? []
        : [{ address, coinType: normalizeStructTag(coinType), amount: BigInt(amount) }],
    ),
  };
}

function firstPureInput({ kind }: GrpcTypes.Transaction): Uint8Array | null {
  if (kind?.data.oneofKind !== "programmableTransaction") return null;
  const [input] = kind.data.programmableTransaction.inputs;
  return input?.kind === GrpcTypes.Input_InputKind.PURE ? (input.pure ?? null) : null;
}
