/** Holds the answer of a case against the aggregator's OpenAPI document. */
import { expect } from "vitest";
import { API_DOCUMENT } from "../../../../workers/aggregator/api/document.ts";
import { type ApiDocument, untold } from "../../../support/api-judge.ts";
import type { Case } from "./case.ts";

/** Judges what was answered. */
export function expectDocumented(
  { method = "GET", path }: Case,
  { status, headers }: Response,
  bytes: Uint8Array,
): void {
  const text = new TextDecoder().decode(bytes);
  const document = API_DOCUMENT as unknown as ApiDocument;
  expect(untold(document, { method, path, status, headers, text })).toEqual([]);
}
