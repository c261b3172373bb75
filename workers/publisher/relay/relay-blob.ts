/**
 * `POST /v1/blob-upload-relay` and `GET /v1/tip-config`: the client registers and certifies, we
 * encode and spread.
 *
 * Nothing is paid here and nothing kept: a client that loses its connection sends the bytes again,
 * and nodes take what they have without being sent it. Source: `walrus-upload-relay controller.rs`,
 * `walrus-sdk upload_relay.rs::ResponseType`.
 */
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";
import {
  type EncodedBlob,
  encodedBlobBytes,
  encodeMetadata,
  encodingWorkingBytes,
  formatBlobId,
} from "../../../shared/codec/index.ts";
import { declaredLength, readBody } from "../../../shared/http/body.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { RELAY_TX_LOOKS_MAX, RELAY_TX_LOOK_PAUSE_MS } from "../../../shared/limits.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import { writeCommittee } from "../../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import type { Payment } from "../../../shared/sui/read-payment.ts";
import { type Answer, refuse } from "../answer.ts";
import { authorizeScope } from "../auth/authorize.ts";
import { tokenProblem } from "../auth/token-problem.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem, type PublisherFailure } from "../failure-to-problem.ts";
import { limitWrite } from "../quota/limit-write.ts";
import { chainFailure, sizeFailure } from "../upload/failure-of.ts";
import { epochReader } from "../upload/epoch-watch.ts";
import { registrationOf, startFanOut } from "../upload/fan-out.ts";
import { platformPipe } from "../lane/streams.ts";
import { parseRelayQuery, type RelayQuery } from "./query.ts";
import { inRelayWords, type RelayFailure } from "./relay-problem.ts";
import { verifyTip } from "./tip.ts";

/** Answers `GET /v1/tip-config`. */
export function showTipConfig({ config }: AppContext): Response {
  return jsonResponse(config.relayTip === null ? "no_tip" : { send_tip: config.relayTip });
}

/** Handles one upload. */
export async function relayBlob(request: Request, context: AppContext): Promise<Answer> {
  const answer = await relay(request, context);
  return answer instanceof Response ? answer : refuse(request, inRelayWords(answer));
}

async function relay(request: Request, context: AppContext): Promise<Answer> {
  const query = parseRelayQuery(new URL(request.url).searchParams, context.config.compat);
  if (!query.ok) return failureToProblem(query.failure);
  const { wholeBodyBytesMax: bytesMax, relayTip } = context.config;
  let sub: string | null = null;
  if (relayTip === null) {
    // A tip is an entrance of its own; without one the relay is as open as the gateway.
    const caller = await authorizeScope(request, "store", context);
    if (!caller.ok) return tokenProblem(caller.failure);
    sub = caller.value.sub;
  }
  // A body of unknown length is held, and counted, as the longest.
  const heldBytes = declaredLength(request.headers) ?? bytesMax;
  if (heldBytes > bytesMax) {
    return failureToProblem({ kind: "body-too-large", bytesMax });
  }
  const allowance = await limitWrite(request, sub, heldBytes, context);
  if (!allowance.ok) return failureToProblem(allowance.failure);
  const leave = context.wholeBodies.enter(heldBytes);
  if (leave === null) return failureToProblem({ kind: "bodies-busy" });
  try {
    const certificate = await takeBlob(request, query.value, context);
    if (!certificate.ok) return failureToProblem(certificate.failure);
    return jsonResponse(certificateAnswer(query.value.blobId, certificate.value));
  } finally {
    leave();
  }
}

async function takeBlob(
  request: Request,
  query: RelayQuery,
  context: AppContext,
): Promise<Result<Certificate, PublisherFailure>> {
  const { chain, config } = context;
  const missing = query.txDigest === null ? "tx_id" : query.nonce === null ? "nonce" : null;
  if (config.relayTip !== null && missing !== null) {
    return refused({ kind: "tip-parameter-missing", parameter: missing });
  }
  const system = await chain.readSystem();
  if (!system.ok) return err(chainFailure(system.failure));
  const body = await readBody(request, config.wholeBodyBytesMax);
  if (!body.ok) return body;
  const tip = await checkTip(query, body.value, system.value.shardCount, context);
  if (!tip.ok) return tip;
  const first = await spread(query, body.value, system.value, context);
  if (first.ok || first.failure.kind !== "epoch-unsettled") return first;
  const fresh = await chain.readSystem({ fresh: true });
  if (!fresh.ok) return err(chainFailure(fresh.failure));
  return spread(query, body.value, fresh.value, context);
}

async function checkTip(
  { txDigest, nonce }: RelayQuery,
  blob: Uint8Array<ArrayBuffer>,
  shardCount: number,
  context: AppContext,
): Promise<Result<null, PublisherFailure>> {
  const { relayTip } = context.config;
  if (relayTip === null || txDigest === null || nonce === null) return ok(null);
  const encodedBytes = encodedBlobBytes(blob.length, shardCount);
  if (!encodedBytes.ok) return err(sizeFailure(encodedBytes.failure));
  const payment = await findPayment(txDigest, context);
  if (!payment.ok) return payment;
  const nowMs = context.clock.nowMs();
  const verified = await verifyTip(relayTip, payment.value, {
    nonce,
    blob,
    encodedBytes: encodedBytes.value,
    nowMs,
  });
  return verified.ok ? verified : refused(verified.failure);
}

/** RPC nodes may be a moment behind the one that has run the transaction. */
async function findPayment(
  txDigest: string,
  { readPayment, timer }: AppContext,
): Promise<Result<Payment, PublisherFailure>> {
  for (let look = 1; ; look++) {
    const payment = await readPayment(txDigest);
    if (!payment.ok) return err(chainFailure(payment.failure));
    if (payment.value !== null) return ok(payment.value);
    if (look >= RELAY_TX_LOOKS_MAX) return refused({ kind: "tip-transaction-unknown" });
    await timer.sleep(RELAY_TX_LOOK_PAUSE_MS);
  }
}

async function spread(
  query: RelayQuery,
  blob: Uint8Array<ArrayBuffer>,
  system: SystemState,
  context: AppContext,
): Promise<Result<Certificate, PublisherFailure>> {
  const giveBack = await context.memory.acquire(encodingWorkingBytes(blob.length) + blob.length);
  let isHandedOver = false;
  try {
    const encoded = context.codec.encode(blob, system.shardCount);
    if (!encoded.ok) return err(sizeFailure(encoded.failure));
    const { blobId } = encoded.value.metadata;
    if (!equalBytes(blobId, query.blobId)) {
      encoded.value.release();
      return refused({ kind: "relay-blob-mismatch", blobId: formatBlobId(blobId) });
    }
    const { outcome, settled } = fanOut(query, encoded.value, system, context);
    const release = () => {
      encoded.value.release();
      giveBack();
    };
    isHandedOver = true;
    context.background(settled.then(release, release));
    const certificate = await outcome;
    if (certificate.ok) return certificate;
    const { failure } = certificate;
    return err(failure.kind === "epoch-moved" ? { kind: "epoch-unsettled" } : failure);
  } finally {
    if (!isHandedOver) giveBack();
  }
}

function fanOut(
  { blobId, deletableObjectId }: RelayQuery,
  encoded: EncodedBlob,
  system: SystemState,
  { clock, timer, log, lane, chain, config, requestId }: AppContext,
): ReturnType<typeof startFanOut> {
  const committee = writeCommittee(system);
  return startFanOut(
    {
      clock,
      timer,
      log,
      lane,
      pipe: platformPipe,
      readEpoch: epochReader(chain),
      progress: () => undefined,
    },
    {
      runId: `relay.${requestId}`,
      blobId,
      metadata: encodeMetadata(encoded.metadata),
      encodedBytes: sliversBytes(encoded),
      slivers: (pairIndices) => encoded.slivers(pairIndices),
      committee,
      registered: registrationOf(committee.epoch, blobId, deletableObjectId),
      laneCount: config.laneCount,
    },
  );
}

function sliversBytes({ parameters, symbolBytes }: EncodedBlob): number {
  const { shardCount, primaryCount, secondaryCount } = parameters;
  return shardCount * (primaryCount + secondaryCount) * symbolBytes;
}

function refused(refusal: RelayFailure): Result<never, PublisherFailure> {
  return err({ kind: "relay-refused", refusal });
}

/** Byte strings are lists of numbers, the signature is base64: what official clients parse. */
function certificateAnswer(blobId: Uint8Array, certificate: Certificate): object {
  return {
    blob_id: [...blobId],
    confirmation_certificate: {
      signers: certificate.memberIndices,
      serialized_message: [...certificate.message],
      signature: toBase64(certificate.signature),
    },
  };
}
