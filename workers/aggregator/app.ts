/** The aggregator's routes, and what all answers have in common. */
import { type IRequestStrict, Router, type RouterType } from "itty-router";
import { preflightResponse, withCors } from "../../shared/http/cors.ts";
import {
  internalError,
  methodNotAllowed,
  problemResponse,
  unknownPath,
} from "../../shared/http/problem.ts";
import { statusResponse } from "../../shared/http/respond.ts";
import type { Log } from "../../shared/ports.ts";
import type { AggregatorServices } from "./open-blob.ts";
import { type FixedLength, readBlob } from "./read-blob.ts";

/** What the routes need of the composition root. */
export interface AppPorts {
  readonly log: Log;
  readonly fixedLength: FixedLength;
  /** Makes the services of one request; only routes that read call it. */
  readonly services: () => AggregatorServices;
}

type AppRequest = Request & IRequestStrict;
type App = RouterType<AppRequest, [AppPorts], Response>;

const READ_METHODS = ["GET", "HEAD", "OPTIONS"];

type Handler = (request: AppRequest, ports: AppPorts) => Response | Promise<Response>;

const ROUTES: Readonly<Record<string, Handler>> = {
  "/status": () => statusResponse(),
  "/v1/blobs/:blobId": (request, { services, fixedLength }) =>
    readBlob(services(), request, request.params["blobId"] ?? "", fixedLength),
};

function refuseMethod(request: AppRequest): Response {
  return problemResponse(methodNotAllowed(READ_METHODS), request.method);
}

/** Builds the route table; it holds no state and serves every request. */
export function createApp(): App {
  const app = Router<AppRequest, [AppPorts]>({
    before: [
      (request: Request) => (request.method === "OPTIONS" ? preflightResponse(request) : undefined),
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
        withCors(response ?? problemResponse(unknownPath(), request.method)),
    ],
  });

  for (const [path, handler] of Object.entries(ROUTES)) {
    app.get(path, handler).head(path, handler).all(path, refuseMethod);
  }
  return app as App;
}
