/**
 * What one upload adds to the counters when it has ended. Pure.
 */
import type { Journal, Step, StepRecord } from "../upload/journal.ts";
import type { CountedName } from "./catalogue.ts";
import type { Increment } from "./counters.ts";

/** The official publisher's word for stores. */
const WORKLOAD = { workload: "write" };

/** Which histogram a step's time goes to, whole. */
const LATENCY_OF_STEP: Readonly<Partial<Record<Step, CountedName>>> = {
  register: "store_operation_latency_s",
  "fan-out": "get_certificates_latency_s",
  certify: "upload_certificate_latency_s",
};

/** The increments of an upload in its final state, at the end of its last attempt. */
export function uploadIncrements(journal: Journal, nowMs: number): readonly Increment[] {
  const { state, failure, steps, stagedAtMs, unencodedBytes } = journal;
  const encoded = steps.encode.result;
  const isAlready = encoded?.alreadyCertified !== undefined;
  const outcome =
    failure?.kind === "cancelled" ? "cancelled" : isAlready ? "already_certified" : state;
  const increments: Increment[] = [
    { name: "walrus_edge_uploads_total", labels: { outcome }, by: 1 },
  ];
  if (outcome === "failed") {
    increments.push({ name: "errors", labels: { type: failure?.kind ?? "unknown" }, by: 1 });
  }
  increments.push(...encodingIncrements(journal));
  for (const step of Object.keys(LATENCY_OF_STEP) as Step[]) {
    const name = LATENCY_OF_STEP[step];
    const durationMs = durationMsOf(steps[step]);
    if (durationMs !== null && name !== undefined)
      increments.push({ name, by: durationMs / 1_000 });
  }
  if (outcome !== "certified" || encoded === null) return increments;
  const seconds = ((journal.finishedAtMs ?? nowMs) - stagedAtMs) / 1_000;
  return [
    ...increments,
    { name: "latency_s", labels: WORKLOAD, by: seconds },
    { name: "latency_squared_s", labels: WORKLOAD, by: seconds ** 2 },
    { name: "walrus_edge_upload_bytes_total", by: unencodedBytes },
    { name: "walrus_edge_encoded_bytes_total", by: encoded.encodedBytes },
  ];
}

/** Encoding, and looking whether the network has the blob already: one step, two official names. */
function encodingIncrements({ steps: { encode } }: Journal): readonly Increment[] {
  const durationMs = durationMsOf(encode);
  if (durationMs === null) return [];
  const checkMs = encode.result?.statusCheckMs;
  const encoding = {
    name: "encoding_latency_s",
    by: (durationMs - (checkMs ?? 0)) / 1_000,
  } as const;
  if (checkMs === undefined) return [encoding];
  return [encoding, { name: "checking_blob_status_latency_s", by: checkMs / 1_000 }];
}

function durationMsOf({ startedAtMs, finishedAtMs }: StepRecord): number | null {
  return startedAtMs === null || finishedAtMs === null ? null : finishedAtMs - startedAtMs;
}
