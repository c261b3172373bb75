/**
 * Bodies that are no content but say what to do: a change, a purge, a question for a price. Read
 * whole, within the bound of their route.
 */
import { readBody } from "../../shared/http/body.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { err, type Result } from "../../shared/result.ts";
import { refuse } from "./answer.ts";
import { failureToProblem } from "./failure-to-problem.ts";

/** The body; one that is too long is no blob that is, and is refused by a reason of its own. */
export async function readRequestBody(
  request: Request,
  bytesMax: number,
): Promise<Result<Uint8Array<ArrayBuffer>, Problem>> {
  const body = await readBody(request, bytesMax);
  if (body.ok) return body;
  const failure =
    body.failure.kind === "body-too-large"
      ? ({ kind: "request-body-too-large", bytesMax } as const)
      : body.failure;
  return err(await refuse(request, failureToProblem(failure)));
}
