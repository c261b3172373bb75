/** One change under one key, broken off at each step and asked again. */
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../../shared/bytes/arrays.ts";
import { CHANGE_MOVES_MAX, UPLOAD_STATE_TTL_MS } from "../../../../shared/limits.ts";
import { err, ok } from "../../../../shared/result.ts";
import type { Answer } from "../../../../workers/publisher/answer.ts";
import type { AppContext } from "../../../../workers/publisher/context.ts";
import {
  type AskedChange,
  type Carried,
  changeOnce,
} from "../../../../workers/publisher/keyed/change-once.ts";
import {
  createKeptChanges,
  type KeptChangesRpc,
} from "../../../../workers/publisher/keyed/kept-changes.ts";
import { objectProblem } from "../../../../workers/publisher/objects/object-problem.ts";
import { memorySql } from "../../../support/memory-sql.ts";

const NOW_MS = 1_000_000;

function world() {
  const rows = createKeptChanges(memorySql());
  let breaksOff = false;
  const shard: KeptChangesRpc = {
    keptChange: async (keyHash) => rows.get(keyHash),
    async keepWish(keyHash, asked, keptUntilMs) {
      rows.keepWish(keyHash, asked, keptUntilMs);
      const kept = rows.get(keyHash);
      if (kept === null) throw new TypeError("nothing was kept");
      return kept;
    },
    async keepAnswer(...answer) {
      if (breaksOff) throw new Error("torn away");
      rows.keepAnswer(...answer);
    },
    dropWish: async (...wish) => rows.dropWish(...wish),
  };
  const context = {
    tokens: { getByName: () => shard },
    clock: { nowMs: () => NOW_MS },
  } as unknown as AppContext;
  let planned = 0;
  const carriedOut: number[] = [];
  const outcomes: Carried[] = [];
  const breakOff = (breaks: boolean) => {
    breaksOff = breaks;
  };
  const steps = {
    plan: async () => ok(++planned),
    async carryOut(wish: number): Promise<Carried> {
      carriedOut.push(wish);
      const answer = { status: 201, headers: { ETag: `"${wish}"` }, body: { wish } };
      return outcomes.shift() ?? { kind: "done", answer };
    },
  };
  type More = Partial<AskedChange> & { readonly key?: string | null };
  const ask = (body: string, { key = "k", ...more }: More = {}) => {
    const headers = key === null ? {} : { "idempotency-key": key };
    const request = new Request("https://here/edge/v1/objects/0x1", { method: "PATCH", headers });
    const asked = { request, body: utf8Bytes(body), sub: "us", keyKeptUntilMs: null, ...more };
    return changeOnce(asked, context, steps);
  };
  return { rows, carriedOut, outcomes, breakOff, planned: () => planned, ask };
}

async function seen(answer: Answer) {
  if (!(answer instanceof Response)) return answer.reason;
  return [answer.status, answer.headers.get("etag"), await answer.json()];
}

const FIRST = [201, '"1"', { wish: 1 }];

describe("a change with a key", () => {
  test("is done once, and its answer is told again", async () => {
    const { ask, carriedOut } = world();
    expect(await seen(await ask("a"))).toEqual(FIRST);
    expect(await seen(await ask("a"))).toEqual(FIRST);
    expect(carriedOut).toEqual([1]);
    expect(await seen(await ask("b"))).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(await seen(await ask("a", { sub: "them" }))).toEqual([201, '"2"', { wish: 2 }]);
    expect(await seen(await ask("a", { key: "other" }))).toEqual([201, '"3"', { wish: 3 }]);
  });

  test("goes on with the same wish where it was broken off, or is still open", async () => {
    const { ask, carriedOut, outcomes, breakOff } = world();
    outcomes.push({ kind: "open", problem: objectProblem({ kind: "object-expired" }) });
    expect(await seen(await ask("a"))).toBe("OBJECT_EXPIRED");
    breakOff(true);
    await expect(ask("a")).rejects.toThrow("torn away");
    breakOff(false);
    expect(await seen(await ask("b"))).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(await seen(await ask("a"))).toEqual(FIRST);
    expect(carriedOut).toEqual([1, 1, 1]);
  });

  test("frees its key when it is refused, and is planned anew when its object has moved", async () => {
    const { ask, carriedOut, outcomes } = world();
    outcomes.push({ kind: "refused", problem: objectProblem({ kind: "object-expired" }) });
    expect(await seen(await ask("a"))).toBe("OBJECT_EXPIRED");
    outcomes.push({ kind: "moved" }, { kind: "moved" });
    expect(await seen(await ask("b"))).toEqual([201, '"4"', { wish: 4 }]);
    expect(carriedOut).toEqual([1, 2, 3, 4]);
  });

  test("gives up when its object moves again and again", async () => {
    const { ask, carriedOut, outcomes } = world();
    for (let move = 0; move <= CHANGE_MOVES_MAX; move++) outcomes.push({ kind: "moved" });
    expect(await seen(await ask("a"))).toBe("OBJECT_CONTENDED");
    expect(carriedOut).toHaveLength(CHANGE_MOVES_MAX + 1);
    expect(await seen(await ask("a"))).toEqual([201, '"7"', { wish: 7 }]);
  });

  test("is forgotten when its time is over, which a token may put off", async () => {
    const { ask, rows, planned } = world();
    await ask("a");
    const endMs = NOW_MS + UPLOAD_STATE_TTL_MS;
    expect(rows.sweep(endMs - 1)).toBe(endMs);
    expect(rows.sweep(endMs)).toBeNull();
    await ask("a", { keyKeptUntilMs: endMs + 5 });
    expect(planned()).toBe(2);
    expect(rows.sweep(endMs)).toBe(endMs + 5);
  });
});

test("without a key every request is a change of its own, and a bad key is refused", async () => {
  const { ask, carriedOut, rows } = world();
  await ask("a", { key: null });
  await ask("a", { key: null });
  expect(carriedOut).toEqual([1, 2]);
  expect(rows.sweep(0)).toBeNull();
  expect(await seen(await ask("a", { key: "x".repeat(256) }))).toBe("INVALID_IDEMPOTENCY_KEY");
});

test("what a plan refuses is told and keeps nothing", async () => {
  const { rows } = world();
  const request = new Request("https://here/", { headers: { "idempotency-key": "k" } });
  const context = {
    tokens: { getByName: () => ({ keptChange: async () => null }) },
    clock: { nowMs: () => NOW_MS },
  } as unknown as AppContext;
  const answer = await changeOnce(
    { request, body: new Uint8Array(), sub: null, keyKeptUntilMs: null },
    context,
    {
      plan: async () => err(objectProblem({ kind: "object-unknown" })),
      carryOut: () => Promise.reject(new Error("never called")),
    },
  );
  expect(await seen(answer)).toBe("OBJECT_NOT_FOUND");
  expect(rows.sweep(0)).toBeNull();
});
