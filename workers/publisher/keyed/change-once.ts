/**
 * One change, done once: what every route that changes something by a key has in common.
 *
 * A change is planned into a wish, which names what is done about it (a command of the wallet, a
 * change of a name); the wish is kept under the key, then carried out, then its answer is kept.
 * Whoever repeats the request gets the stored answer, or goes on with the wish where the call before
 * broke off: the name in it makes that one change. A refusal frees the key, since nothing was done.
 * Without a key the same happens with nothing kept.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import type { Problem } from "../../../shared/http/problem.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { CHANGE_MOVES_MAX, UPLOAD_STATE_TTL_MS } from "../../../shared/limits.ts";
import type { Result } from "../../../shared/result.ts";
import type { Answer } from "../answer.ts";
import type { Subject } from "../auth/authorize.ts";
import { tokenShard } from "../auth/token-guard.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { readKey } from "../idempotency.ts";
import { objectProblem } from "../objects/object-problem.ts";
import type { KeptChange, KeptChangesRpc } from "./kept-changes.ts";

/** Who asks, and with what. */
export interface AskedChange extends Subject {
  /** Its body has been read. */
  readonly request: Request;
  readonly body: Uint8Array;
}

/** An answer that can be kept: JSON of a kind. */
export interface ChangeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** How carrying out went. */
export type Carried =
  | { readonly kind: "done"; readonly answer: ChangeAnswer }
  /** It may still happen: the same wish is carried on by whoever asks again. */
  | { readonly kind: "open"; readonly problem: Problem }
  /** It will never happen. */
  | { readonly kind: "refused"; readonly problem: Problem }
  /** What it was planned on has changed meanwhile: it will never happen, and is planned anew. */
  | { readonly kind: "moved" };

/** What one route does. A wish is plain JSON. */
export interface ChangeSteps<Wish> {
  /** Every check of what is asked; nothing is done yet. */
  plan(): Promise<Result<Wish, Problem>>;
  /** Does it, or finds it done; may be called again for the same wish. */
  carryOut(wish: Wish): Promise<Carried>;
}

/** Does one change once. */
export async function changeOnce<Wish>(
  asked: AskedChange,
  context: AppContext,
  steps: ChangeSteps<Wish>,
): Promise<Answer> {
  const key = readKey(asked.request.headers);
  if (!key.ok) return failureToProblem(key.failure);
  const keeper = await keeperOf(key.value, asked, context);
  const fingerprint = await hashOf(asked.body);
  let kept = await keeper.get();
  for (let moves = 0; moves <= CHANGE_MOVES_MAX; moves++) {
    if (kept === null) {
      const planned = await steps.plan();
      if (!planned.ok) return planned.failure;
      kept = await keeper.keepWish({ fingerprint, wish: JSON.stringify(planned.value) });
    }
    if (kept.fingerprint !== fingerprint) return failureToProblem({ kind: "idempotency-mismatch" });
    if (kept.answer !== null) return answerOf(JSON.parse(kept.answer) as ChangeAnswer);
    const { wish } = kept;
    const carried = await steps.carryOut(JSON.parse(wish) as Wish);
    switch (carried.kind) {
      case "done":
        await keeper.keepAnswer(wish, JSON.stringify(carried.answer));
        return answerOf(carried.answer);
      case "open":
        return carried.problem;
      case "refused":
        await keeper.dropWish(wish);
        return carried.problem;
      case "moved":
        await keeper.dropWish(wish);
        kept = await keeper.get();
    }
  }
  return objectProblem({ kind: "object-contended" });
}

function answerOf({ status = 200, headers = {}, body }: ChangeAnswer): Response {
  return jsonResponse(body, { status, headers });
}

/** The shard that keeps one key, for one key. */
interface Keeper {
  get(): Promise<KeptChange | null>;
  keepWish(asked: Pick<KeptChange, "fingerprint" | "wish">): Promise<KeptChange>;
  keepAnswer(wish: string, answer: string): Promise<void>;
  dropWish(wish: string): Promise<void>;
}

/** Keeps nothing. */
const FORGETFUL: Keeper = {
  get: () => Promise.resolve(null),
  keepWish: (asked) => Promise.resolve({ ...asked, answer: null }),
  keepAnswer: () => Promise.resolve(),
  dropWish: () => Promise.resolve(),
};

/** Keys are of a subject, a method and a path; they are kept as long as those of stores. */
async function keeperOf(
  key: string | null,
  { request, sub, keyKeptUntilMs }: AskedChange,
  { tokens, clock }: AppContext,
): Promise<Keeper> {
  if (key === null) return FORGETFUL;
  const { pathname } = new URL(request.url);
  const keyHash = await hashOf(utf8Bytes(JSON.stringify([sub, request.method, pathname, key])));
  const keptUntilMs = Math.max(clock.nowMs() + UPLOAD_STATE_TTL_MS, keyKeptUntilMs ?? 0);
  const shard = (): KeptChangesRpc => tokens.getByName(tokenShard(keyHash));
  return {
    get: () => shard().keptChange(keyHash),
    keepWish: (asked) => shard().keepWish(keyHash, asked, keptUntilMs),
    keepAnswer: (wish, answer) => shard().keepAnswer(keyHash, wish, answer),
    dropWish: (wish) => shard().dropWish(keyHash, wish),
  };
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
