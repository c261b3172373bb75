/** The aggregator's routes, and what all answers have in common. */
import { type IRequestStrict, Router, type RouterType } from "itty-router";
import { apiResponse } from "../../shared/http/api-page.ts";
import { type Compat, type Dialect, dialectFor } from "../../shared/http/compat.ts";
import {
  badParameter,
  internalError,
  methodNotAllowed,
  type Problem,
  unknownPath,
} from "../../shared/http/problem.ts";
import { finished, statusResponse } from "../../shared/http/respond.ts";
import type { Clock, Log } from "../../shared/ports.ts";
import { requestLine, type RequestNotes } from "../../shared/telemetry/request-log.ts";
import { API_DOCUMENT } from "./api/document.ts";
import { concat } from "./concat.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import { refusedByExtractor, type RouteKind } from "./exact-route.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import type { InFlight } from "./in-flight.ts";
import { readBlob, readByteRange, streamBlob } from "./read-blob.ts";
import { readProof } from "./read-proof.ts";
import { readStatus } from "./read-status.ts";
import { readObject } from "./read-object.ts";
import { listPatches, readPatchById, readPatchByIdentifier } from "./read-quilt.ts";
import type { BodyPipe } from "./send.ts";
import type { AggregatorServices } from "./services.ts";

/** What the routes need of the composition root. */
export interface AppPorts {
  readonly log: Log;
  readonly clock: Clock;
  /** What the line of the request says. */
  readonly notes: RequestNotes;
  readonly compat: Compat;
  /** The URL of the request. */
  readonly url: URL;
  /** Names this request in the log and in `X-Request-Id`. */
  readonly requestId: string;
  readonly bodyPipe: BodyPipe;
  readonly inFlight: InFlight;
  /** Lets work outlive the answer. */
  readonly background: (work: Promise<void>) => void;
  /** Makes the services of one request; only routes that read call it. */
  readonly services: () => AggregatorServices;
}

type AppRequest = Request & IRequestStrict;
type App = RouterType<AppRequest, [RoutePorts], Response>;
type Answer = Response | Problem;

/** A read: the parameters of its path, percent-decoded once, in order. */
type Read = (exchange: Exchange, ...params: readonly string[]) => Response | Promise<Response>;

interface Route {
  readonly path: string;
  /** The official route it stands for. */
  readonly kind: RouteKind;
  readonly read: Read;
  /** `GET` and `HEAD` unless given. */
  readonly methods?: readonly ("GET" | "HEAD" | "POST")[];
}

const READ_METHODS = ["GET", "HEAD"] as const;

/** Static segments come before captures of the same length. */
const ROUTES: readonly Route[] = [
  {
    path: "/v1alpha/blobs/concat",
    kind: "concat",
    read: concat,
    methods: ["GET", "HEAD", "POST"],
  },
  { path: "/v1alpha/blobs/:blobId/stream", kind: "stream", read: one(streamBlob) },
  { path: "/v1/blobs/by-object-id/:objectId", kind: "object", read: one(readObject) },
  { path: "/v1/blobs/by-quilt-patch-id/:patchId", kind: "patch", read: one(readPatchById) },
  {
    path: "/v1/blobs/by-quilt-id/:quiltId/:identifier",
    kind: "patch-by-name",
    read: (exchange, quiltId = "", identifier = "") =>
      readPatchByIdentifier(exchange, quiltId, identifier),
  },
  { path: "/v1/quilts/:quiltId/patches", kind: "patches", read: one(listPatches) },
  { path: "/v1/blobs/:blobId/byte-range", kind: "byte-range", read: one(readByteRange) },
  { path: "/v1/blobs/:blobId", kind: "blob", read: one(readBlob) },
  { path: "/edge/v1/blobs/:blobId/status", kind: "edge", read: one(readStatus) },
  { path: "/edge/v1/blobs/:blobId/proof", kind: "edge", read: one(readProof) },
];

/** What answers without reading anything. */
const PLAIN_ROUTES: Readonly<Record<string, (request: Request, compat: Compat) => Response>> = {
  "/status": () => statusResponse(),
  "/v1/api": (request, compat) => apiResponse(API_DOCUMENT, request, compat),
};

/** Every path with its methods, for the API document to be held against. */
export const SERVED: readonly { readonly path: string; readonly methods: readonly string[] }[] = [
  ...ROUTES.map(({ path, methods = READ_METHODS }) => ({ path, methods })),
  ...Object.keys(PLAIN_ROUTES).map((path) => ({ path, methods: READ_METHODS })),
];

/** Answers requests; holds no state and serves every one. */
export interface AggregatorApp {
  fetch(request: Request, ports: AppPorts): Promise<Response>;
}

/** Builds the app. */
export function createApp(): AggregatorApp {
  const router = createRouter();
  return {
    async fetch(request, ports) {
      const writeLine = requestLine(ports, request, ports.notes);
      const body = { isSent: Promise.resolve(), isStreaming: false };
      const response = await router.fetch(request, {
        ...ports,
        streams() {
          const over = Promise.withResolvers<void>();
          body.isSent = over.promise;
          body.isStreaming = true;
          return over.resolve;
        },
      });
      noteAnswer(ports.notes, response);
      const write = () => writeLine(response.status);
      // What is put together here is over when its last byte has gone.
      if (body.isStreaming) ports.background(body.isSent.then(write));
      else write();
      return response;
    },
  };
}

/** What the headers of an answer say of a read. */
function noteAnswer({ read }: RequestNotes, { headers }: Response): void {
  const [, tier] =
    /^walrus-edge; (?:hit; detail=)?(\w+)/.exec(headers.get("Cache-Status") ?? "") ?? [];
  if (tier !== undefined) read.tier = tier === "fwd" ? "nodes" : tier;
  const verified = headers.get("X-Walrus-Verified");
  if (verified !== null) read.verified = verified;
  const blobId = headers.get("Cache-Tag");
  if (blobId !== null) read.blobId = blobId;
}

interface RoutePorts extends AppPorts {
  /** Called when a body begins to be sent; what it returns is called once when that is over. */
  readonly streams: () => () => void;
}

function createRouter(): App {
  const app = Router<AppRequest, [RoutePorts]>({
    before: [
      (request: Request, ports: AppPorts) =>
        request.method === "OPTIONS" ? dialectOf(ports).preflight(request) : undefined,
      // The router takes `/a/` for `/a`; officially it is another path.
      (_: Request, { url }: AppPorts) => (url.pathname.endsWith("/") ? unknownPath() : undefined),
    ],
    catch: (error: unknown, _: Request, { log, requestId, url }: AppPorts) => {
      log.error({
        event: "request.failed",
        requestId,
        path: url.pathname,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return internalError();
    },
    finally: [
      (answer: Answer | undefined, request: Request, ports: AppPorts) =>
        finish(answer ?? unknownPath(), request, ports),
    ],
  });

  for (const [path, respond] of Object.entries(PLAIN_ROUTES)) {
    app.all(path, (request, { compat, notes }) => {
      notes.route = path;
      return READ_METHODS.some((method) => method === request.method)
        ? bodiless(respond(request, compat), request.method)
        : refuseMethod(READ_METHODS);
    });
  }
  for (const route of ROUTES) {
    const { path, methods = READ_METHODS } = route;
    app.all(path, (request, ports) => {
      ports.notes.route = path;
      return methods.some((method) => method === request.method)
        ? answer(route, request, ports)
        : refuseMethod(methods);
    });
  }
  return app as App;
}

async function answer(
  { kind, read }: Route,
  request: AppRequest,
  ports: RoutePorts,
): Promise<Answer> {
  const params: string[] = [];
  for (const [name, text] of Object.entries(request.params)) {
    const decoded = percentDecoded(text);
    if (decoded === null) {
      const message = `\`${name}\` is not percent-encoded UTF-8`;
      return { ...badParameter(name, message), exact: { status: 400, text: "Invalid URL" } };
    }
    params.push(decoded);
  }
  ports.notes.read.id = params.join("/");
  const dialect = dialectOf(ports);
  const isExact = dialect.compat === "exact";
  const { searchParams } = ports.url;
  const refused = isExact ? refusedByExtractor(kind, params, searchParams, request.method) : null;
  if (refused !== null) return refused;
  const leave = ports.inFlight.enter();
  if (leave === null) return failureToProblem({ kind: "overloaded" });
  const endings: (() => void)[] = [leave];
  const end = () => endings.splice(0).forEach((ending) => ending());
  let isStreaming = false;
  try {
    const exchange = createExchange({
      services: servicesFor(kind, request, isExact, ports),
      request,
      searchParams,
      dialect,
      kind,
      bodyPipe: ports.bodyPipe,
      streams() {
        isStreaming = true;
        endings.push(ports.streams());
        return end;
      },
      atEnd: (work) => void endings.push(work),
      subject: params.join("/"),
      onRefusal: (reason) => {
        ports.notes.reason = reason;
      },
    });
    return await read(exchange, ...params);
  } finally {
    if (!isStreaming) end();
  }
}

/** Officially a part of a blob is measured by its slivers; what is ours alone sends no whole. */
function servicesFor(
  kind: RouteKind,
  request: Request,
  isExact: boolean,
  ports: AppPorts,
): AggregatorServices {
  const services = ports.services();
  const isPart = kind === "byte-range" || request.headers.has("Range");
  return kind === "edge" || (isExact && isPart) ? { ...services, blobBytesMax: null } : services;
}

function finish(answer: Answer, request: Request, ports: AppPorts): Response {
  if (!(answer instanceof Response)) ports.notes.reason = answer.reason;
  const dialect = dialectOf(ports);
  const response = answer instanceof Response ? answer : dialect.problem(answer, request.method);
  return finished(dialect.withCors(response), ports.requestId);
}

function dialectOf({ compat, url, requestId }: AppPorts): Dialect {
  return dialectFor(compat, url.pathname, requestId);
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

function refuseMethod(allowed: readonly string[]): Problem {
  return methodNotAllowed([...allowed, "OPTIONS"]);
}

function bodiless(response: Response, method: string): Response {
  return method === "HEAD" ? new Response(null, response) : response;
}
