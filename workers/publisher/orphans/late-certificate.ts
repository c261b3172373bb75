/**
 * Asks the nodes whether they hold a blob nobody is uploading any more: where enough of them do, its
 * certificate needs no bytes.
 */
import { inTime } from "../../../shared/in-time.ts";
import { LATE_CONFIRMATIONS_DEADLINE_MS } from "../../../shared/limits.ts";
import type { ConfirmationTarget, NodeClient } from "../../../shared/nodes/client.ts";
import { ConfirmationCollector } from "../../../shared/nodes/confirmations.ts";
import type { Timer } from "../../../shared/ports.ts";
import { aggregateConfirmations, type Certificate } from "../../../shared/protocol/certificate.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { confirmationMessage } from "../../../shared/protocol/confirmation.ts";

/** What asking needs. */
export interface LateCertificatePorts {
  readonly client: Pick<NodeClient, "getConfirmation">;
  readonly timer: Timer;
}

/** The certificate of a permanent blob; `null` where too few nodes confirm it in time. */
export async function lateCertificate(
  { client, timer }: LateCertificatePorts,
  committee: Committee,
  blobId: Uint8Array,
): Promise<Certificate | null> {
  const { epoch, members } = committee;
  const message = confirmationMessage({ epoch, blobId, deletableObjectId: null });
  const collector = new ConfirmationCollector(committee, message);
  const over = new AbortController();
  const target: ConfirmationTarget = { kind: "permanent" };
  const asked = members.map(async (member, memberIndex) => {
    const confirmation = await client.getConfirmation(member, blobId, target, {
      signal: over.signal,
    });
    if (confirmation.ok) collector.add(memberIndex, confirmation.value);
  });
  await inTime(timer, LATE_CONFIRMATIONS_DEADLINE_MS, Promise.allSettled(asked), null);
  over.abort();
  const aggregation = aggregateConfirmations(committee, message, collector.signatures);
  return aggregation.ok ? aggregation.value.certificate : null;
}
