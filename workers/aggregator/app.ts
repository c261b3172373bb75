/** The aggregator's routes, and what all answers have in common. */
import { type IRequestStrict, Router, type RouterType } from "itty-router";
import { preflightResponse, withCors } from "../../shared/http/cors.ts";
import {
  badParameter,
  internalError,
  methodNotAllowed,
  problemResponse,
  unknownPath,
} from "../../shared/http/problem.ts";
import { statusResponse } from "../../shared/http/respond.ts";
import type { Log } from "../../shared/ports.ts";
import { concat } from "./concat.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import type { AggregatorServices } from "./services.ts";
import { readBlob, readByteRange, streamBlob } from "./read-blob.ts";
import { readProof } from "./read-proof.ts";
import { readStatus } from "./read-status.ts";
import { readObject } from "./read-object.ts";
import { listPatches, readPatchById, readPatchByIdentifier } from "./read-quilt.ts";
import type { FixedLength } from "./send.ts";

/** What the routes need of the composition root. */
export interface AppPorts {
  readonly log: Log;
  readonly fixedLength: FixedLength;
  /** Makes the services of one request; only routes that read call it. */
  readonly services: () => AggregatorServices;
}

type AppRequest = Request & IRequestStrict;
type App = RouterType<AppRequest, [AppPorts], Response>;

/** A read: the parameters of its path, percent-decoded once, in order. */
type Read = (exchange: Exchange, ...params: readonly string[]) => Response | Promise<Response>;

interface Route {
  readonly path: string;
  readonly read: Read;
  /** `GET` and `HEAD` unless given. */
  readonly methods?: readonly ("GET" | "HEAD" | "POST")[];
}

const READ_METHODS = ["GET", "HEAD"] as const;

/** Static segments come before captures of the same length. */
const ROUTES: readonly Route[] = [
  { path: "/v1alpha/blobs/concat", read: concat, methods: ["GET", "HEAD", "POST"] },
  { path: "/v1alpha/blobs/:blobId/stream", read: one(streamBlob) },
  { path: "/v1/blobs/by-object-id/:objectId", read: one(readObject) },
  { path: "/v1/blobs/by-quilt-patch-id/:patchId", read: one(readPatchById) },
  {
    path: "/v1/blobs/by-quilt-id/:quiltId/:identifier",
    read: (exchange, quiltId = "", identifier = "") =>
      readPatchByIdentifier(exchange, quiltId, identifier),
  },
  { path: "/v1/quilts/:quiltId/patches", read: one(listPatches) },
  { path: "/v1/blobs/:blobId/byte-range", read: one(readByteRange) },
  { path: "/v1/blobs/:blobId", read: one(readBlob) },
  { path: "/edge/v1/blobs/:blobId/status", read: one(readStatus) },
  { path: "/edge/v1/blobs/:blobId/proof", read: one(readProof) },
];

/** What answers without reading anything. */
const PLAIN_ROUTES: Readonly<Record<string, () => Response>> = {
  "/status": statusResponse,
  "/v1/api": apiResponse,
};

/** Builds the route table; it holds no state and serves every request. */
export function createApp(): App {
  const app = Router<AppRequest, [AppPorts]>({
    before: [
      (request: Request) => (request.method === "OPTIONS" ? preflightResponse(request) : undefined),
      // The router takes `/a/` for `/a`; officially it is another path.
      (request: Request) =>
        new URL(request.url).pathname.endsWith("/")
          ? problemResponse(unknownPath(), request.method)
          : undefined,
    ],
    catch: (error: unknown, request: Request, { log }: AppPorts) => {
      log.error({
        event: "request.failed",
        path: new URL(request.url).pathname,
        cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return problemResponse(internalError(), request.method);
    },
    finally: [
      (response: Response | undefined, request: Request) =>
        withCachePolicy(withCors(response ?? problemResponse(unknownPath(), request.method))),
    ],
  });

  for (const [path, respond] of Object.entries(PLAIN_ROUTES)) {
    app.get(path, respond).head(path, respond);
    app.all(path, (request) => refuseMethod(request, READ_METHODS));
  }
  for (const { path, read, methods = READ_METHODS } of ROUTES) {
    app.all(path, (request, ports) =>
      methods.some((method) => method === request.method)
        ? answer(read, request, ports)
        : refuseMethod(request, methods),
    );
  }
  return app as App;
}

function answer(
  read: Read,
  request: AppRequest,
  { services, fixedLength }: AppPorts,
): Response | Promise<Response> {
  const params: string[] = [];
  for (const [name, text] of Object.entries(request.params)) {
    const decoded = percentDecoded(text);
    if (decoded === null) {
      const problem = badParameter(name, `\`${name}\` is not percent-encoded UTF-8`);
      return problemResponse(problem, request.method);
    }
    params.push(decoded);
  }
  return read(createExchange(services(), request, fixedLength, params.join("/")), ...params);
}

/** `/v1/api`: every route, one a line. */
function apiResponse(): Response {
  const plain = Object.keys(PLAIN_ROUTES).map((path) => ({ path, methods: READ_METHODS }));
  const lines = [...ROUTES, ...plain].map(
    ({ path, methods = READ_METHODS }) => `${methods.join(", ")} ${path}\n`,
  );
  return new Response(lines.join(""), {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

function one(read: (exchange: Exchange, param: string) => Promise<Response>): Read {
  return (exchange, param = "") => read(exchange, param);
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function refuseMethod(request: Request, allowed: readonly string[]): Response {
  return problemResponse(methodNotAllowed([...allowed, "OPTIONS"]), request.method);
}

/** What says nothing of caching is guessed at by caches: so nothing leaves without a word on it. */
function withCachePolicy(response: Response): Response {
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  return response;
}
