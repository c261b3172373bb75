/** The publisher Worker as the workerd tests ask it. */
import { env } from "cloudflare:workers";
import { toBase64 } from "../../../shared/bytes/text.ts";
import type { PublisherEnv } from "../../../workers/publisher/env.ts";
import worker from "../../../workers/publisher/index.ts";
import { expectCommonHeaders } from "../../support/manners.ts";
import { expectAsDocumented } from "../../support/publisher-document.ts";

const ORIGIN = "https://publisher.test";
/** Key of the webhook source `billing`. */
export const HOOK_KEY = new Uint8Array(32).fill(5);
/** A throw-away Ed25519 key: 32 zero bytes, in Sui's text form. */
export const WALLET_SECRET_KEY =
  "suiprivkey1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq509duq";
export const bindings = env as unknown as PublisherEnv;

/**
 * One request to the Worker with throw-away secrets; `vars` adds to its configuration. Every answer
 * is judged by its headers and, but for exact mode, held against the API document.
 */
export async function ask(
  path: string,
  init: RequestInit = {},
  vars: object = {},
): Promise<Response> {
  const configured = {
    ...bindings,
    WALLET_SECRET_KEY,
    OPEN_WRITES: "true",
    RATE_LIMIT_REQUESTS: "0",
    RATE_LIMIT_BYTES: "0",
    HOOK_SECRETS: JSON.stringify({ billing: `whsec_${toBase64(HOOK_KEY)}` }),
    ...vars,
  };
  const response = await worker.fetch(new Request(`${ORIGIN}${path}`, init), configured);
  expectCommonHeaders(response);
  const isOurs = !("COMPAT" in vars && vars.COMPAT === "exact") || path.startsWith("/edge/");
  if (isOurs) await expectAsDocumented(init, path, response);
  return response;
}

/** The reason of an error in the envelope. */
export async function reasonOf(response: Response): Promise<string | undefined> {
  const { error } = await response.json<{ error: { details: { reason: string }[] } }>();
  return error.details[0]?.reason;
}

/** The parameter an error names. */
export function parameterOf(body: unknown): unknown {
  return (body as { error: { details: { metadata: { parameter?: string } }[] } }).error.details[0]
    ?.metadata.parameter;
}
