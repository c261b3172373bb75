/**
 * What one upload adds to the counters when it has ended. Pure.
 */
import type { Journal, Step } from "../upload/journal.ts";
import type { CountedName } from "./catalogue.ts";
import type { Increment } from "./counters.ts";

/** The official publisher's word for stores. */
const WORKLOAD = { workload: "write" };

/** Which histogram a step's time goes to. */
const LATENCY_OF_STEP: Readonly<Partial<Record<Step, CountedName>>> = {
  encode: "encoding_latency_s",
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
  for (const step of Object.keys(LATENCY_OF_STEP) as Step[]) {
    const { startedAtMs, finishedAtMs } = steps[step];
    const name = LATENCY_OF_STEP[step];
    if (startedAtMs === null || finishedAtMs === null || name === undefined) continue;
    increments.push({ name, by: (finishedAtMs - startedAtMs) / 1_000 });
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
