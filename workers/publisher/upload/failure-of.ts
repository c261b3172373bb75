/** From the failures of codec, chain and wallet to those of an upload. Pure. */
import type { SizeFailure } from "../../../shared/codec/index.ts";
import type { ChainFailure } from "../../../shared/sui/chain.ts";
import type { WalletFailure } from "../wallet/commands.ts";
import type { UploadFailure } from "./failure.ts";

/** The chain did not answer. */
export function chainFailure(failure: ChainFailure): UploadFailure {
  return { kind: "chain-unavailable", detail: failure.kind };
}

/** What the wallet's failure means for the upload that asked. */
export function walletFailure(step: string, failure: WalletFailure): UploadFailure {
  switch (failure.kind) {
    case "chain":
      return chainFailure(failure.failure);
    case "fate-unknown":
    case "wallet-busy":
    case "wrong-epoch":
      return { kind: "wallet-pending", detail: failure.txDigest ?? "unknown" };
    case "insufficient-wal":
      return { kind: "insufficient-funds", coin: "WAL" };
    case "insufficient-sui":
      return { kind: "insufficient-funds", coin: "SUI" };
    case "spend-capped":
      return { kind: "spend-capped", period: failure.period };
    case "execution-failed": {
      const { failure: cause } = failure;
      const detail =
        cause.kind === "move-abort"
          ? `${cause.module}::${cause.constantName ?? cause.abortCode.toString()}`
          : cause.kind;
      return { kind: "transaction-refused", step, detail };
    }
    case "rejected":
    case "blob-unusable":
      return { kind: "transaction-refused", step, detail: failure.reason };
    case "object-moved":
      return { kind: "transaction-refused", step, detail: "object-moved" };
    case "invalid-command":
      return { kind: "transaction-refused", step, detail: failure.detail };
    case "id-reused":
      return { kind: "transaction-refused", step, detail: "id-reused" };
  }
}

/** What the codec will not encode. */
export function sizeFailure(failure: SizeFailure): UploadFailure {
  const bytesMax = failure.unencodedBytesMax;
  return failure.kind === "blob-exceeds-memory"
    ? { kind: "body-too-large", bytesMax }
    : { kind: "blob-exceeds-protocol", bytesMax };
}
