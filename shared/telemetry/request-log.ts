/**
 * One line for each request, when its answer is over.
 *
 * Of the request only the method, the pattern of its path and the declared length are told: paths
 * and queries may hold what is nobody else's business.
 */
import { declaredLength } from "../http/body.ts";
import type { Clock, Log } from "../ports.ts";

/** What a request turns out to be on its way. */
export interface RequestNotes {
  /** Pattern of the path that took it; `null` where none did. */
  route: string | null;
  /** Reason of a refusal. */
  reason: string | null;
  /** Whether a refusal is ours to look into; `null`: as its status says. */
  isFault: boolean | null;
  /** What is told of a read besides; nothing of other requests. */
  readonly read: ReadNotes;
}

/** What a read turns out to be. */
export interface ReadNotes {
  /** What was asked for: public IDs as the caller wrote them. */
  id?: string;
  blobId?: string;
  /** Which tier the first bytes came from; `nodes` for none. */
  tier?: string;
  /** How the answer was checked. */
  verified?: string;
  /** Requests to storage nodes. */
  nodeRequests?: number;
}

/** Nothing is known yet. */
export function requestNotes(): RequestNotes {
  return { route: null, reason: null, isFault: null, read: {} };
}

/** Begins the line of one request; the function it returns writes it. */
export function requestLine(
  {
    log,
    clock,
    requestId,
  }: { readonly log: Log; readonly clock: Clock; readonly requestId: string },
  request: Request,
  notes: RequestNotes,
): (status: number) => void {
  const startedMs = clock.nowMs();
  return (status) => {
    const record = {
      event: "request.done",
      requestId,
      method: request.method,
      route: notes.route,
      status,
      reason: notes.reason ?? undefined,
      ...notes.read,
      requestBytes: declaredLength(request.headers) ?? undefined,
      durationMs: clock.nowMs() - startedMs,
    };
    if (notes.isFault ?? status >= 500) log.error(record);
    else log.info(record);
  };
}
