/**
 * What a store will cost, before it is made: `POST /edge/v1/estimate` and `?dry_run=true`.
 *
 * Prices are read from the contract as they are now, and charged as the contract charges them, so
 * the estimate is what the ledger takes unless prices change in between. Gas is not in it.
 */
import * as v from "valibot";
import { flawedBody, readJson } from "../../shared/http/json-body.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import { ESTIMATE_BODY_BYTES_MAX } from "../../shared/limits.ts";
import { estimateCost } from "../../shared/protocol/price.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SystemState } from "../../shared/sui/chain.ts";
import type { Answer } from "./answer.ts";
import type { AppContext } from "./context.ts";
import { atDesk } from "./desk/desk.ts";
import { failureToProblem, type PublisherFailure } from "./failure-to-problem.ts";
import { readRequestBody } from "./request-body.ts";
import type { StoreQuery } from "./store-query.ts";
import { chainFailure, sizeFailure } from "./upload/failure-of.ts";
import type { BodyBounds } from "./upload/stage.ts";

/** Only what the body must name; the rest is passed over. */
const bodySchema = v.object({
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  epochs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), 1),
});

/** Handles `POST /edge/v1/estimate` with `{"size": bytes, "epochs": n}`. */
export async function estimateStore(request: Request, context: AppContext): Promise<Answer> {
  const body = await readRequestBody(request, ESTIMATE_BODY_BYTES_MAX);
  if (!body.ok) return body.failure;
  const asked = readJson(body.value, bodySchema);
  if (!asked.ok) {
    return flawedBody(asked.failure, '{"size": bytes, "epochs": whole number from 1}');
  }
  const { size, epochs } = asked.value;
  const estimate = await estimateOf(context, size, epochs);
  return estimate.ok ? jsonResponse(estimate.value) : failureToProblem(estimate.failure);
}

/**
 * Answers a store with `dry_run=true`: the blob ID and the cost; nothing is kept or paid.
 *
 * @param body Of the blob; a Desk holds it meanwhile.
 */
export async function dryRun(
  bounds: BodyBounds,
  body: ReadableStream<Uint8Array> | null,
  query: StoreQuery,
  context: AppContext,
): Promise<Result<DryRun, PublisherFailure>> {
  // Refuses what is known to be wrong before the body is read.
  const empty = await estimateOf(context, 0, query.epochs);
  if (!empty.ok) return empty;
  const { shardCount } = empty.value;
  const measured = await atDesk(context, (desk) => desk.measure({ bounds, shardCount }, body));
  if (!measured.ok) return measured;
  const { byteCount, blobId } = measured.value;
  const estimate = await estimateOf(context, byteCount, query.epochs);
  if (!estimate.ok) return estimate;
  return ok({ dryRun: { blobId, deletable: query.deletable, ...estimate.value } });
}

/** What a dry run answers. */
export interface DryRun {
  readonly dryRun: Estimate & { readonly blobId: string; readonly deletable: boolean };
}

interface Estimate {
  readonly size: number;
  readonly encodedSize: number;
  readonly shardCount: number;
  readonly epochs: number;
  readonly startEpoch: number;
  /** Exclusive. */
  readonly endEpoch: number;
  /** When that epoch begins if epochs keep their length; `null` while the epoch is changing. */
  readonly endsAt: string | null;
  /** FROST. */
  readonly storageCost: number;
  readonly writeCost: number;
  readonly cost: number;
}

async function estimateOf(
  { chain }: AppContext,
  size: number,
  epochs: number,
): Promise<Result<Estimate, PublisherFailure>> {
  const [system, contract] = await Promise.all([chain.readSystem(), chain.readContract()]);
  if (!system.ok) return err(chainFailure(system.failure));
  if (!contract.ok) return err(chainFailure(contract.failure));
  const { epoch, maxEpochsAhead, prices, shardCount } = contract.value;
  if (epochs > maxEpochsAhead) {
    return err({ kind: "epochs-too-many", asked: epochs, epochsMax: maxEpochsAhead });
  }
  const cost = estimateCost(size, epochs, shardCount, prices);
  if (!cost.ok) return err(sizeFailure(cost.failure));
  const endEpoch = epoch + epochs;
  return ok({
    size,
    encodedSize: cost.value.encodedBytes,
    shardCount,
    epochs,
    startEpoch: epoch,
    endEpoch,
    endsAt: startOfEpoch(system.value, endEpoch),
    storageCost: Number(cost.value.storageFrost),
    writeCost: Number(cost.value.writeFrost),
    cost: Number(cost.value.totalFrost),
  });
}

function startOfEpoch({ timing }: SystemState, epoch: number): string | null {
  if (timing.phase.kind === "change-sync") return null;
  const startMs = timing.phase.startMs + (epoch - timing.epoch) * timing.epochDurationMs;
  return new Date(startMs).toISOString();
}
