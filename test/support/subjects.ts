/** Requests of subjects to a gateway that asks for HMAC tokens. */
import { SignJWT } from "jose";
import type { TestGateway } from "./gateway.ts";

/** What a request may have besides method and path. */
export interface SubjectInit {
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  /** `us` unless given. */
  readonly sub?: string;
}

/** How a subject asks; each request brings a token nobody has used, with every scope but `admin`. */
export interface SubjectAsks {
  readonly ask: (method: string, path: string, init?: SubjectInit) => Promise<Response>;
  readonly put: (
    path: string,
    body: BodyInit,
    headers?: SubjectInit["headers"],
    sub?: string,
  ) => Promise<Response>;
}

/** Requests to the gateway there is when one is made. */
export function subjectAsks(gateway: () => TestGateway, secret: string): SubjectAsks {
  let tokenCount = 0;
  const bearer = async (sub: string) => {
    const claims = { jti: `token ${tokenCount++}`, sub, scope: "store list manage" };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret));
    return `Bearer ${token}`;
  };
  const ask: SubjectAsks["ask"] = async (method, path, init = {}) => {
    const { body, headers = {}, sub = "us" } = init;
    return gateway().publisher(path, {
      method,
      headers: { ...headers, authorization: await bearer(sub) },
      ...(body === undefined ? {} : { body }),
    });
  };
  return {
    ask,
    put: (path, body, headers = {}, sub = "us") => ask("PUT", path, { body, headers, sub }),
  };
}
