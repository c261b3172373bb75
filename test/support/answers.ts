/**
 * Reads the answers that tests and benches look into, and fails with the whole body when they are
 * not it. Asserts through `node:assert`, because benches run outside the test runner.
 */
import assert from "node:assert/strict";

/** The part of a store's answer the tests use. */
export interface StoredBlob {
  readonly blobId: string;
  /** The Sui object. */
  readonly id: string;
  readonly deletable: boolean;
  readonly size: number;
  readonly storage: { readonly startEpoch: number; readonly endEpoch: number };
  readonly cost: number;
}

/** The blob object and cost of a store that succeeded. */
export async function storedBlob(response: Response): Promise<StoredBlob> {
  const body = await response.text();
  assert.equal(response.status, 200, body);
  const { newlyCreated } = JSON.parse(body) as {
    newlyCreated: { blobObject: Omit<StoredBlob, "cost">; cost: number };
  };
  return { ...newlyCreated.blobObject, cost: newlyCreated.cost };
}

/** Status, status word and reason of an error in the official envelope. */
export async function problemOf(
  response: Response,
): Promise<{ readonly status: number; readonly word: string; readonly reason: string }> {
  const body = await response.text();
  const { error } = JSON.parse(body) as {
    error: { code: number; status: string; details: { reason: string }[] };
  };
  assert.equal(error.code, response.status, body);
  return { status: response.status, word: error.status, reason: error.details[0]?.reason ?? "" };
}

/** The body as bytes. */
export async function bodyBytes(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** Fails unless both hold the same bytes, without printing megabytes. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length);
  assert.ok(Buffer.compare(actual, expected) === 0, "bytes differ");
}

/** How often the ledger ran a Move function, by the end of its name. */
export async function moveCalls(rpcUrl: string, functionName: string): Promise<number> {
  const response = await fetch(`${rpcUrl}/admin/state`);
  const state = JSON.parse(await response.text()) as { moveCalls: Record<string, number> };
  return Object.entries(state.moveCalls)
    .filter(([name]) => name.endsWith(functionName))
    .reduce((total, [, count]) => total + count, 0);
}

/** The body of an answer that succeeded, read as JSON. */
export async function jsonOf<T>(response: Response): Promise<T> {
  const body = await response.text();
  assert.ok(response.ok, `${response.status} ${body}`);
  return JSON.parse(body) as T;
}
