/** One named HTTP case: what is asked, and what must come back. Data only. */

/** Bytes of a content of the world: all of them, or from `start` to `end`. */
export type Expected = readonly [content: string, start?: number, end?: number];

/** A case. */
export interface Case {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
  /** Reason of the error envelope. */
  readonly reason?: string;
  /** Response headers: exact text (IDs in braces), a pattern, or `null` for absent. */
  readonly has?: Readonly<Record<string, string | RegExp | null>>;
  /** The body; several are laid end to end. */
  readonly gives?: readonly Expected[];
  /** Text the body holds, one after the other. */
  readonly holds?: readonly string[];
}

/** Headers of every error. */
export const ENVELOPE = { "content-type": "application/json", "cache-control": "no-store" };
