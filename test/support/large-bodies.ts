/** Bodies that fill a test's process: sent over connections of their own, judged by the official SDK. */
import { expect } from "vitest";
import { expectSameBytes } from "./answers.ts";
import type { Gateway } from "./local-gateway/gateway.ts";
import type { OfficialClient } from "./sdk.ts";

/** On a connection of its own: while the SDK encodes, nobody looks after those that are open. */
export const fetchOnce: typeof fetch = (resource, init) => {
  const headers = new Headers(init?.headers);
  headers.set("Connection", "close");
  return fetch(resource, { ...init, headers });
};

/** A dry run tells what the SDK then stores through the relay, and the SDK reads it back. */
export async function expectDryRunAndRelay(
  gateway: Gateway,
  { walrus, signer }: OfficialClient,
  content: Uint8Array<ArrayBuffer>,
  epochs: number,
): Promise<void> {
  const dryRun = await fetchOnce(`${gateway.urls.publisher}/v1/blobs?dry_run=true`, {
    method: "PUT",
    body: content,
  });
  const told = (await dryRun.json()) as { dryRun: { blobId: string; size: number } };
  const { blobId } = await walrus.writeBlob({ blob: content, deletable: true, epochs, signer });
  expect(told.dryRun).toMatchObject({ blobId, size: content.length });
  expectSameBytes(await walrus.readBlob({ blobId }), content);
}

/** What a store of a quilt answers, as far as tests look. */
export interface StoredQuilt {
  readonly blobStoreResult: { readonly newlyCreated: { readonly blobObject: { blobId: string } } };
  readonly storedQuiltBlobs: readonly {
    readonly identifier: string;
    readonly quiltPatchId: string;
  }[];
}

/** Stores `files` as one quilt; `metadata` is the form's `_metadata`. */
export async function storeQuilt(
  gateway: Gateway,
  files: readonly (readonly [name: string, data: Uint8Array<ArrayBuffer>])[],
  epochs: number,
  metadata?: readonly object[],
): Promise<StoredQuilt> {
  const form = new FormData();
  for (const [name, data] of files) form.append(name, new Blob([data]), name);
  if (metadata !== undefined) form.append("_metadata", JSON.stringify(metadata));
  const stored = await fetchOnce(`${gateway.urls.publisher}/v1/quilts?epochs=${epochs}`, {
    method: "PUT",
    body: form,
  });
  const body = await stored.text();
  expect(stored.status, body).toBe(200);
  return JSON.parse(body) as StoredQuilt;
}
