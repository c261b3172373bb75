/**
 * The tip of an upload relay: what is asked, and whether a transaction has paid it. Pure but for
 * the platform's SHA-256.
 *
 * Source: `walrus-sdk upload_relay/tip_config.rs::TipKind::compute_tip`, `walrus-upload-relay
 * controller.rs`, in the order of its checks.
 */
import * as v from "valibot";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { RELAY_TX_AGE_MS_MAX, RELAY_TX_FUTURE_MS_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Payment } from "../../../shared/sui/read-payment.ts";

const SUI_TYPE = "0x0000000000000000000000000000000000000000000000000000000000000002::sui::SUI";

/** `blob digest (32) ‖ nonce digest (32) ‖ unencoded length u64` */
const AUTH_BYTES = 72;

const mist = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** The tip as the configuration and `GET /v1/tip-config` write it. */
export const tipSchema = v.strictObject({
  address: v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/)),
  kind: v.union([
    v.strictObject({ const: mist }),
    v.strictObject({
      linear: v.strictObject({ base: mist, encoded_size_mul_per_kib: mist }),
    }),
  ]),
});

/** Whom to pay, and how much in MIST. */
export type Tip = v.InferOutput<typeof tipSchema>;

/** Why a tip does not count. */
export type TipFailure =
  | { readonly kind: "tip-parameter-missing"; readonly parameter: "tx_id" | "nonce" }
  | { readonly kind: "tip-transaction-unknown" }
  /** The RPC node did not tell. */
  | { readonly kind: "tip-transaction-unreadable" }
  | { readonly kind: "tip-transaction-failed" }
  | { readonly kind: "tip-transaction-untimed" }
  | { readonly kind: "tip-transaction-stale" }
  | { readonly kind: "tip-transaction-early" }
  | { readonly kind: "tip-missing"; readonly expectedMist: string }
  | { readonly kind: "tip-insufficient"; readonly paidMist: string; readonly expectedMist: string }
  | {
      readonly kind: "tip-unauthentic";
      readonly part: "input" | "nonce" | "length" | "digest";
    };

/** What an upload of `encodedBytes` is asked for, in MIST. */
export function tipMist({ kind }: Tip, encodedBytes: number): bigint {
  if ("const" in kind) return BigInt(kind.const);
  const kibs = BigInt(Math.ceil(encodedBytes / 1024));
  return BigInt(kind.linear.base) + kibs * BigInt(kind.linear.encoded_size_mul_per_kib);
}

/** What a transaction is checked against. */
export interface TipClaim {
  readonly nonce: Uint8Array;
  readonly byteCount: number;
  /** SHA-256 of the blob. */
  readonly digest: Uint8Array;
  readonly encodedBytes: number;
  readonly nowMs: number;
}

/** Checks that `payment` paid the tip, lately, for these very bytes, by whoever knows the nonce. */
export async function verifyTip(
  tip: Tip,
  payment: Payment,
  claim: TipClaim,
): Promise<Result<null, TipFailure>> {
  const { timestampMs } = payment;
  if (!payment.succeeded) return err({ kind: "tip-transaction-failed" });
  if (timestampMs === null) return err({ kind: "tip-transaction-untimed" });
  if (timestampMs > claim.nowMs + RELAY_TX_FUTURE_MS_MAX) {
    return err({ kind: "tip-transaction-early" });
  }
  if (claim.nowMs - timestampMs > RELAY_TX_AGE_MS_MAX) {
    return err({ kind: "tip-transaction-stale" });
  }
  const expected = tipMist(tip, claim.encodedBytes);
  const paid = payment.balanceChanges.find(
    ({ address, coinType }) => address === tip.address && coinType === SUI_TYPE,
  );
  const expectedMist = expected.toString();
  if (paid === undefined) return err({ kind: "tip-missing", expectedMist });
  if (paid.amount < expected) {
    return err({ kind: "tip-insufficient", paidMist: paid.amount.toString(), expectedMist });
  }
  return verifyAuth(payment.firstInput, claim);
}

async function verifyAuth(
  input: Uint8Array | null,
  { nonce, byteCount, digest }: TipClaim,
): Promise<Result<null, TipFailure>> {
  if (input?.length !== AUTH_BYTES) return err({ kind: "tip-unauthentic", part: "input" });
  const nonceDigest = await sha256(nonce.slice());
  if (!equalBytes(input.subarray(32, 64), nonceDigest)) {
    return err({ kind: "tip-unauthentic", part: "nonce" });
  }
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getBigUint64(64, true) !== BigInt(byteCount)) {
    return err({ kind: "tip-unauthentic", part: "length" });
  }
  return equalBytes(input.subarray(0, 32), digest)
    ? ok(null)
    : err({ kind: "tip-unauthentic", part: "digest" });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
