/**
 * Reads and lists objects over the RPC client, in our failures' words.
 */
import { ObjectError } from "@mysten/sui/client";
import { SUI_PAGE_OBJECTS, SUI_PAGES_MAX } from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure, Coin } from "./chain.ts";
import type { RawObject } from "./parse.ts";
import type { Rpc } from "./rpc.ts";

type Read<T> = Promise<Result<T, ChainFailure>>;

/** Object reads. */
export interface Objects {
  /** With contents, in the order asked for; `null` where there is none. */
  find(objectIds: readonly string[]): Read<readonly (RawObject | null)[]>;
  /** As `find`; a missing one is a failure. */
  require(objectIds: readonly string[]): Read<readonly RawObject[]>;
  /** Every object of one type of an address, with contents. */
  listOwned(owner: string, type: string): Read<readonly RawObject[]>;
  /** Every coin of one type of an address, largest first. */
  listCoins(owner: string, coinType: string): Read<readonly Coin[]>;
}

interface Page<T> {
  readonly objects: readonly T[];
  readonly cursor: string | null;
  readonly hasNextPage: boolean;
}

export function createObjects(rpc: Rpc): Objects {
  return {
    find: (objectIds) => find(rpc, objectIds),
    async require(objectIds) {
      const read = await find(rpc, objectIds);
      if (!read.ok) return read;
      const missing = read.value.indexOf(null);
      if (missing !== -1) {
        return err({ kind: "object-not-found", objectId: objectIds[missing] ?? "" });
      }
      return ok(read.value.filter((object) => object !== null));
    },
    listOwned(owner, type) {
      return pages("listOwnedObjects", (cursor) =>
        rpc.read("listOwnedObjects", (client, signal) =>
          client.core.listOwnedObjects({
            owner,
            type,
            cursor,
            limit: SUI_PAGE_OBJECTS,
            include: { content: true, previousTransaction: true },
            signal,
          }),
        ),
      );
    },
    async listCoins(owner, coinType) {
      const listed = await pages("listCoins", (cursor) =>
        rpc.read("listCoins", (client, signal) =>
          client.core.listCoins({ owner, coinType, cursor, limit: SUI_PAGE_OBJECTS, signal }),
        ),
      );
      if (!listed.ok) return listed;
      const coins = listed.value.map(({ objectId, version, digest, balance }) => ({
        objectId,
        version,
        digest,
        balance: BigInt(balance),
      }));
      return ok(coins.sort((left, right) => compare(right.balance, left.balance)));
    },
  };
}

async function find(rpc: Rpc, objectIds: readonly string[]): Read<readonly (RawObject | null)[]> {
  if (objectIds.length === 0) return ok([]);
  const answer = await rpc.read("getObjects", (client, signal) =>
    client.core.getObjects({
      objectIds: [...objectIds],
      include: { content: true, previousTransaction: true },
      signal,
    }),
  );
  if (!answer.ok) return answer;
  const found: (RawObject | null)[] = [];
  for (const object of answer.value.objects) {
    if (!(object instanceof Error)) found.push(object);
    else if (isAbsent(object)) found.push(null);
    else {
      const detail = object.message;
      return err({ kind: "rpc-refused", call: "getObjects", code: "UNKNOWN", detail });
    }
  }
  if (found.length !== objectIds.length) {
    return err({ kind: "malformed-answer", call: "getObjects", detail: "number of objects" });
  }
  return ok(found);
}

async function pages<T>(
  call: string,
  read: (cursor: string | null) => Read<Page<T>>,
): Read<readonly T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < SUI_PAGES_MAX; page++) {
    const answer: Result<Page<T>, ChainFailure> = await read(cursor);
    if (!answer.ok) return answer;
    all.push(...answer.value.objects);
    cursor = answer.value.cursor;
    if (!answer.value.hasNextPage || cursor === null) return ok(all);
  }
  return err({ kind: "malformed-answer", call, detail: `more than ${SUI_PAGES_MAX} pages` });
}

function isAbsent(error: Error): boolean {
  return error instanceof ObjectError && error.reason !== "unknown";
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
