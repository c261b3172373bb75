/**
 * The route table of the publisher: which path and method is answered by what.
 *
 * One catch for bugs, one place for cross-origin headers and the request id. A trailing slash is
 * another path, as at the official daemons.
 */
import { type IRequestStrict, Router } from "itty-router";
import { preflightResponse, withCors } from "../../shared/http/cors.ts";
import {
  internalError,
  methodNotAllowed,
  problemResponse,
  unknownPath,
} from "../../shared/http/problem.ts";
import { statusResponse } from "../../shared/http/respond.ts";
import { showApi } from "./api/show-api.ts";
import type { AppContext } from "./context.ts";
import { estimateStore } from "./estimate.ts";
import { takeDelivery } from "./hook.ts";
import { relayBlob, showTipConfig } from "./relay/relay-blob.ts";
import { storeBlob } from "./store-blob.ts";
import { storeQuilt } from "./store-quilt.ts";
import { endUpload, showUpload } from "./upload-routes.ts";

type AppRequest = Request & IRequestStrict;
type Handler = (request: AppRequest, context: AppContext) => Response | Promise<Response>;

/** Paths and methods; everything else is refused. */
export const ROUTES: readonly {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<"GET" | "PUT" | "POST" | "DELETE", Handler>>>;
}[] = [
  { path: "/status", methods: { GET: () => statusResponse() } },
  { path: "/v1/api", methods: { GET: showApi } },
  { path: "/v1/blobs", methods: { PUT: storeBlob } },
  { path: "/v1/quilts", methods: { PUT: storeQuilt } },
  {
    path: "/edge/v1/uploads/:uploadId",
    methods: {
      GET: (request, context) => showUpload(request, param(request, "uploadId"), context),
      DELETE: (request, context) => endUpload(request, param(request, "uploadId"), context),
    },
  },
  { path: "/v1/tip-config", methods: { GET: (_, context) => showTipConfig(context) } },
  { path: "/v1/blob-upload-relay", methods: { POST: relayBlob } },
  { path: "/edge/v1/estimate", methods: { POST: estimateStore } },
  {
    path: "/edge/v1/hooks/:source",
    methods: {
      POST: (request, context) => takeDelivery(request, param(request, "source"), context),
    },
  },
];

const router = buildRouter();

/** Answers one request. Never rejects. */
export async function handleRequest(request: Request, context: AppContext): Promise<Response> {
  const answer =
    request.method === "OPTIONS" ? preflightResponse(request) : await route(request, context);
  const response = withCors(answer);
  response.headers.set("X-Request-Id", context.requestId);
  return response;
}

async function route(request: Request, context: AppContext): Promise<Response> {
  try {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/")) return problemResponse(unknownPath(), request.method);
    const response: unknown = await router.fetch(request, context);
    if (!(response instanceof Response)) throw new TypeError("Cannot answer: no response");
    return request.method === "HEAD" ? withoutBody(response) : response;
  } catch (error) {
    context.log.error({
      event: "request.failed",
      requestId: context.requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return problemResponse(internalError(), request.method);
  }
}

function buildRouter() {
  const router = Router<AppRequest, [AppContext]>();
  for (const { path, methods } of ROUTES) {
    if (methods.GET !== undefined) {
      router.get(path, methods.GET);
      router.head(path, methods.GET);
    }
    if (methods.PUT !== undefined) router.put(path, methods.PUT);
    if (methods.POST !== undefined) router.post(path, methods.POST);
    if (methods.DELETE !== undefined) router.delete(path, methods.DELETE);
    const allowed = Object.keys(methods).flatMap((name) =>
      name === "GET" ? [name, "HEAD"] : name,
    );
    router.all(path, async (request) => {
      await request.body?.cancel();
      return problemResponse(methodNotAllowed(allowed), request.method);
    });
  }
  router.all("*", async (request) => {
    await request.body?.cancel();
    return problemResponse(unknownPath(), request.method);
  });
  return router;
}

/** A parameter of the path; absent only if the route table is wrong. */
function param(request: AppRequest, name: string): string {
  const value = request.params[name];
  if (value === undefined) throw new TypeError(`Cannot route: no path parameter ${name}`);
  return value;
}

function withoutBody(response: Response): Response {
  return new Response(null, response);
}
