/** An HTTP answer of a node as a value, before it is written to a socket. Pure. */
import type { Refusal } from "./errors.ts";

/** What a node answers. */
export interface Answer {
  readonly status: number;
  readonly contentType: "application/json" | "application/octet-stream" | "text/html";
  readonly body: Uint8Array;
}

/** The JSON success envelope around `data`. */
export function jsonAnswer(data: unknown, status = 200): Answer {
  return jsonBody({ success: { code: status, data } }, status);
}

/** A BCS body. */
export function bcsAnswer(body: Uint8Array): Answer {
  return { status: 200, contentType: "application/octet-stream", body };
}

/** The JSON error envelope of a refusal. */
export function refusalAnswer(refusal: Refusal): Answer {
  return jsonBody(refusal.envelope(), refusal.status);
}

function jsonBody(content: unknown, status: number): Answer {
  return {
    status,
    contentType: "application/json",
    body: new TextEncoder().encode(JSON.stringify(content)),
  };
}
