/** One request with its two answers, and the answers that occur often. Data only. */
import type { Case } from "./case.ts";

type Answer = Omit<Case, "name" | "path" | "method" | "headers" | "body">;
type Asked = Pick<Case, "name" | "path" | "method" | "headers" | "body">;

/** One request and its two answers. */
export interface CompatCase extends Asked {
  readonly ours: Answer;
  readonly official: Answer;
}

export const OFFICIAL_LIFETIME = "public, max-age=86400, stale-while-revalidate=3600";
export const BLOB = "/v1/blobs/{blob}";
export const text = (status: number, body: RegExp | string): Answer => ({
  status,
  has: { "content-type": "text/plain; charset=utf-8" },
  ...(typeof body === "string" ? { holds: [body] } : {}),
});
export const whole = (name: string, has: Case["has"] = {}): Answer => ({
  status: 200,
  gives: [[name]],
  has,
});
export const refused = (status: number, reason: string): Answer => ({ status, reason });

/** Both refuse it alike. */
export const same = (name: string, path: string, status: number, reason: string): CompatCase => {
  const answer = refused(status, reason);
  return { name, path, ours: answer, official: answer };
};
