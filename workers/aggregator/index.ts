/**
 * The aggregator Worker: serves verified blobs. What it is made of is put together in `compose.ts`.
 */
import { toHex } from "../../shared/bytes/text.ts";
import { withCors } from "../../shared/http/cors.ts";
import { misconfigured, problemResponse } from "../../shared/http/problem.ts";
import { finished } from "../../shared/http/respond.ts";
import { systemClock, systemRandom } from "../../shared/system.ts";
import { requestNotes } from "../../shared/telemetry/request-log.ts";
import { type AppPorts, createApp } from "./app.ts";
import { type AggregatorEnv, configOf, createServices, log } from "./compose.ts";
import type { AggregatorConfig } from "./config.ts";
import { createInFlight } from "./in-flight.ts";
import type { BodyPipe } from "./send.ts";

export { Fill } from "./fill/object.ts";
export { RowFetcher } from "./row-lane.ts";

const REQUEST_ID_BYTES = 8;

const app = createApp();
const inFlight = createInFlight();

const bodyPipe: BodyPipe = (byteCount) =>
  byteCount === null ? new IdentityTransformStream() : new FixedLengthStream(byteCount);

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const requestId = toHex(systemRandom.bytes(REQUEST_ID_BYTES));
    let config: AggregatorConfig;
    try {
      config = configOf(env);
    } catch (error) {
      log.error({ event: "config.unusable", requestId, problems: [String(error)] });
      return finished(withCors(problemResponse(misconfigured(), request.method)), requestId);
    }
    const notes = requestNotes();
    const ports: AppPorts = {
      log,
      clock: systemClock,
      notes,
      compat: config.compat,
      url: new URL(request.url),
      requestId,
      bodyPipe,
      inFlight,
      background: (work) => ctx.waitUntil(work),
      services: () =>
        createServices(
          env,
          (work) => ctx.waitUntil(work),
          () => {
            notes.read.nodeRequests = (notes.read.nodeRequests ?? 0) + 1;
          },
        ),
    };
    return app.fetch(request, ports);
  },
} satisfies ExportedHandler<AggregatorEnv>;
