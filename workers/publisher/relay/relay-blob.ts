/**
 * `POST /v1/blob-upload-relay` and `GET /v1/tip-config`: the client registers and certifies, we
 * encode and spread.
 *
 * Nothing is paid here and nothing kept: a client that loses its connection sends the bytes again,
 * and nodes take what they have without being sent it. The body is held and spread by a Desk. Source:
 * `walrus-upload-relay controller.rs`, `walrus-sdk upload_relay.rs::ResponseType`.
 */
import { toBase64 } from "../../../shared/bytes/text.ts";
import { declaredLength } from "../../../shared/http/body.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import { type Answer, refuse } from "../answer.ts";
import { authorizeScope } from "../auth/authorize.ts";
import { tokenProblem } from "../auth/token-problem.ts";
import type { AppContext } from "../context.ts";
import { atDesk } from "../desk/desk.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { limitWrite } from "../quota/limit-write.ts";
import { parseRelayQuery } from "./query.ts";
import { inRelayWords } from "./relay-problem.ts";

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
  const { blobBytesMax: bytesMax, relayTip } = context.config;
  let sub: string | null = null;
  if (relayTip === null) {
    // A tip is an entrance of its own; without one the relay is as open as the gateway.
    const caller = await authorizeScope(request, "store", context);
    if (!caller.ok) return tokenProblem(caller.failure);
    sub = caller.value.sub;
  }
  const missing =
    query.value.txDigest === null ? "tx_id" : query.value.nonce === null ? "nonce" : null;
  if (relayTip !== null && missing !== null) {
    const refusal = { kind: "tip-parameter-missing", parameter: missing } as const;
    return failureToProblem({ kind: "relay-refused", refusal });
  }
  const declaredBytes = declaredLength(request.headers);
  if (declaredBytes !== null && declaredBytes > bytesMax) {
    return failureToProblem({ kind: "body-too-large", bytesMax });
  }
  const allowance = await limitWrite(request, sub, declaredBytes, context);
  if (!allowance.ok) return failureToProblem(allowance.failure);
  const { body } = request;
  const relayed = await atDesk(context, (desk) =>
    desk.relay({ bounds: { bytesMax, declaredBytes }, query: query.value }, body),
  );
  allowance.value.settle(relayed.ok ? relayed.value.byteCount : bytesMax);
  if (!relayed.ok) return failureToProblem(relayed.failure);
  return jsonResponse(certificateAnswer(query.value.blobId, relayed.value.certificate));
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
