/**
 * The route table of the publisher: which path and method is answered by what.
 *
 * One catch for bugs, one place where problems are rendered and answers get their cross-origin
 * headers and request id. A trailing slash is another path, as at the official daemons.
 */
import { Router } from "itty-router";
import { dialectFor } from "../../shared/http/compat.ts";
import {
  internalError,
  methodNotAllowed,
  problemStatus,
  unknownPath,
} from "../../shared/http/problem.ts";
import { finished, statusResponse } from "../../shared/http/respond.ts";
import { requestLine } from "../../shared/telemetry/request-log.ts";
import type { Answer } from "./answer.ts";
import { showApi } from "./api/show-api.ts";
import type { AppContext } from "./context.ts";
import { estimateStore } from "./estimate.ts";
import { blockBlob, listBlocks, purge, showBlock, unblockBlob } from "./gate/routes.ts";
import { takeDelivery } from "./hook.ts";
import { showMetrics } from "./metrics/show-metrics.ts";
import { listNames } from "./names/list-names.ts";
import { deleteName, putName, showName, showVersions } from "./names/name-routes.ts";
import { deleteObject, extendObject, patchObject } from "./objects/change-object.ts";
import { listObjects, showObject } from "./objects/read-objects.ts";
import { listOrphans, removeOrphan } from "./orphans/routes.ts";
import { relayBlob, showTipConfig } from "./relay/relay-blob.ts";
import { storeBlob } from "./store-blob.ts";
import { storeQuilt } from "./store-quilt.ts";
import {
  type AppRequest,
  type Method,
  open,
  param,
  type Route,
  scoped,
  signed,
  stored,
} from "./route.ts";
import { endUpload, showUpload } from "./upload-routes.ts";

/** Paths and methods; everything else is refused. */
export const ROUTES: readonly Route[] = [
  { path: "/status", methods: { GET: open(() => statusResponse()) } },
  { path: "/metrics", methods: { GET: open(showMetrics) } },
  {
    path: "/v1/api",
    methods: { GET: open((request, { config }) => showApi(request, config.compat)) },
  },
  { path: "/v1/blobs", methods: { PUT: stored(storeBlob) } },
  { path: "/v1/quilts", methods: { PUT: stored(storeQuilt) } },
  {
    path: "/edge/v1/uploads/:uploadId",
    methods: {
      GET: scoped("store", (request, context, { sub }) =>
        showUpload(request, { uploadId: param(request, "uploadId"), sub }, context),
      ),
      DELETE: scoped("store", (request, context, { sub }) =>
        endUpload({ uploadId: param(request, "uploadId"), sub }, context),
      ),
    },
  },
  { path: "/edge/v1/names", methods: { GET: scoped("list", listNames) } },
  {
    path: "/edge/v1/names/:name",
    methods: {
      GET: scoped("list", (request, context, { sub }) =>
        showName(request, { name: param(request, "name"), sub }, context),
      ),
      PUT: scoped("manage", (request, context, subject) =>
        putName(request, { name: param(request, "name"), ...subject }, context),
      ),
      DELETE: scoped("manage", (request, context, subject) =>
        deleteName(request, { name: param(request, "name"), ...subject }, context),
      ),
    },
  },
  {
    path: "/edge/v1/names/:name/versions",
    methods: {
      GET: scoped("list", (request, context, { sub }) =>
        showVersions(request, { name: param(request, "name"), sub }, context),
      ),
    },
  },
  { path: "/v1/tip-config", methods: { GET: open((_, context) => showTipConfig(context)) } },
  { path: "/v1/blob-upload-relay", methods: { POST: stored(relayBlob) } },
  { path: "/edge/v1/objects", methods: { GET: scoped("list", listObjects) } },
  {
    path: "/edge/v1/objects/:objectId",
    methods: {
      GET: scoped("list", (request, context, subject) =>
        showObject(request, { objectId: param(request, "objectId"), ...subject }, context),
      ),
      PATCH: scoped("manage", (request, context, subject) =>
        patchObject(request, { objectId: param(request, "objectId"), ...subject }, context),
      ),
      DELETE: scoped("manage", (request, context, subject) =>
        deleteObject(request, { objectId: param(request, "objectId"), ...subject }, context),
      ),
    },
  },
  {
    path: "/edge/v1/objects/:objectId/extend",
    methods: {
      POST: scoped("manage", (request, context, subject) =>
        extendObject(request, { objectId: param(request, "objectId"), ...subject }, context),
      ),
    },
  },
  { path: "/edge/v1/estimate", methods: { POST: open(estimateStore) } },
  { path: "/edge/v1/orphans", methods: { GET: scoped("admin", listOrphans) } },
  {
    path: "/edge/v1/orphans/:objectId",
    methods: {
      DELETE: scoped("admin", (request, context, subject) =>
        removeOrphan(request, { objectId: param(request, "objectId"), ...subject }, context),
      ),
    },
  },
  { path: "/edge/v1/purge", methods: { POST: scoped("admin", purge) } },
  { path: "/edge/v1/blocklist", methods: { GET: scoped("admin", listBlocks) } },
  {
    path: "/edge/v1/blocklist/:blobId",
    methods: {
      GET: scoped("admin", (request, context) => showBlock(param(request, "blobId"), context)),
      PUT: scoped("admin", (request, context, subject) =>
        blockBlob(request, param(request, "blobId"), subject, context),
      ),
      DELETE: scoped("admin", (request, context, subject) =>
        unblockBlob(param(request, "blobId"), subject, context),
      ),
    },
  },
  {
    path: "/edge/v1/hooks/:source",
    methods: {
      POST: signed((request, context) => takeDelivery(request, param(request, "source"), context)),
    },
  },
];

const router = buildRouter();

/** Answers one request. Never rejects. */
export async function handleRequest(request: Request, context: AppContext): Promise<Response> {
  const writeLine = requestLine(context, request, context.notes);
  const { pathname } = new URL(request.url);
  const dialect = dialectFor(context.config.compat, pathname, context.requestId);
  const answer =
    request.method === "OPTIONS"
      ? dialect.preflight(request)
      : await route(request, pathname, context);
  if (!(answer instanceof Response)) {
    context.notes.reason = answer.reason;
    // In exact mode some refusals of the caller's are sent as a 500.
    context.notes.isFault = problemStatus(answer) >= 500 && answer.isCallersDoing !== true;
  }
  const response = dialect.withCors(
    answer instanceof Response ? answer : dialect.problem(answer, request.method),
  );
  for (const [name, value] of context.answerHeaders) response.headers.set(name, value);
  writeLine(response.status);
  return finished(response, context.requestId);
}

async function route(request: Request, pathname: string, context: AppContext): Promise<Answer> {
  try {
    if (pathname.endsWith("/")) return unknownPath();
    const answer = (await router.fetch(request, context)) as Answer | undefined;
    if (answer === undefined) throw new TypeError("Cannot answer: no route took the request");
    const isBodyless = request.method === "HEAD" && answer instanceof Response;
    return isBodyless ? withoutBody(answer) : answer;
  } catch (error) {
    context.log.error({
      event: "request.failed",
      requestId: context.requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return internalError();
  }
}

function buildRouter() {
  const router = Router<AppRequest, [AppContext]>();
  for (const { path, methods } of ROUTES) {
    router.all(path, async (request, context): Promise<Answer> => {
      const { method } = request;
      context.notes.route = path;
      const operation = methods[(method === "HEAD" ? "GET" : method) as Method];
      if (operation !== undefined) return operation.handle(request, context);
      await request.body?.cancel();
      return methodNotAllowed(
        Object.keys(methods).flatMap((name) => (name === "GET" ? [name, "HEAD"] : name)),
      );
    });
  }
  router.all("*", async (request): Promise<Answer> => {
    await request.body?.cancel();
    return unknownPath();
  });
  return router;
}

function withoutBody(response: Response): Response {
  return new Response(null, response);
}
