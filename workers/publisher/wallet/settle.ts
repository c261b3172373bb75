/**
 * Finds out what became of a signed transaction, by sending the identical bytes again and looking.
 */
import { err, ok, type Result } from "../../../shared/result.ts";
import type {
  Chain,
  ChainFailure,
  ExecutedTransaction,
  RejectionReason,
} from "../../../shared/sui/chain.ts";
import { consumesInput, decideFate, type Fate } from "./fate.ts";
import type { SignedTransaction } from "./journal.ts";

/**
 * One look: submits the bytes, then gathers evidence until something is certain.
 *
 * The order matters. Sui's epoch and the inputs are read before the effects are looked for a last
 * time, so that a transaction that ran in between is not declared dead.
 */
export async function lookForFate(chain: Chain, signed: SignedTransaction): Promise<Fate> {
  const submitted = await chain.submit(signed.bytes, signed.signature);
  if (submitted.ok) return judge(signed, { effects: submitted.value });
  const { failure } = submitted;
  const rejection = failure.kind === "rejected" ? failure.reason : null;
  const [epoch, consumer] = await Promise.all([chain.readSuiEpoch(), findConsumer(chain, signed)]);
  const found = await chain.findTransaction(signed.digest);
  // Without an answer to "do you know it?" nothing but its effects can be certain.
  if (!found.ok) return { kind: "unknown" };
  const ourselves = consumer.ok && consumer.value?.digest === signed.digest ? consumer.value : null;
  return judge(signed, {
    effects: found.value ?? ourselves,
    rejection,
    suiEpoch: epoch.ok ? epoch.value.epoch : null,
    consumedBy: consumer.ok ? (consumer.value?.digest ?? null) : null,
  });
}

function judge(
  { digest, expirationEpoch }: SignedTransaction,
  evidence: {
    readonly effects: ExecutedTransaction | null;
    readonly rejection?: RejectionReason | null;
    readonly suiEpoch?: number | null;
    readonly consumedBy?: string | null;
  },
): Fate {
  const none = { rejection: null, suiEpoch: null, consumedBy: null };
  return decideFate({ digest, expirationEpoch, ...none, ...evidence });
}

/** The transaction that consumed one of the inputs at the version ours names, if it shows. */
async function findConsumer(
  chain: Chain,
  { ownedInputs }: SignedTransaction,
): Promise<Result<ExecutedTransaction | null, ChainFailure>> {
  const views = await chain.readObjects(ownedInputs.map(({ objectId }) => objectId));
  if (!views.ok) return views;
  const writers = new Set<string>();
  for (const [index, input] of ownedInputs.entries()) {
    const view = views.value[index];
    if (!view || view.previousTransaction === null) continue;
    if (BigInt(view.version) > BigInt(input.version)) writers.add(view.previousTransaction);
  }
  for (const digest of writers) {
    const writer = await chain.findTransaction(digest);
    if (!writer.ok) return err(writer.failure);
    if (writer.value !== null && consumesInput(writer.value, ownedInputs)) return ok(writer.value);
  }
  return ok(null);
}
