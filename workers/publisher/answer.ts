/**
 * What a route answers with: a response, or a problem that `app.ts` renders in the dialect of the
 * request. So no route knows how an error looks on the wire.
 */
import { declaredLength, readBody } from "../../shared/http/body.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { REFUSED_BODY_READ_BYTES_MAX } from "../../shared/limits.ts";

export type Answer = Response | Problem;

/**
 * An early refusal leaves no body unread behind it: a small one is read to its end, which keeps the
 * connection; a large or endless one is cancelled, which may close it.
 */
export async function refuse(request: Request, problem: Problem): Promise<Problem> {
  if (request.body !== null && !request.bodyUsed) {
    const declaredBytes = declaredLength(request.headers);
    const isSmall = declaredBytes !== null && declaredBytes <= REFUSED_BODY_READ_BYTES_MAX;
    if (isSmall) await readBody(request, REFUSED_BODY_READ_BYTES_MAX);
    else await request.body.cancel();
  }
  return problem;
}
