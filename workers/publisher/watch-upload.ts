/**
 * `GET /edge/v1/uploads/{id}?watch`: the state of an upload as server-sent events.
 *
 * One event whenever it has changed, a comment where it has not for a while, and the end of the
 * stream with the final state. Whoever loses the stream asks again: the first event tells the whole
 * state. The id of an event is the state it tells, so an `EventSource`, which reconnects by itself and
 * says the last id, is sent away with 204 once it has the final one (HTML §9.2.3 "Processing model").
 */
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import {
  UPLOAD_WATCH_IDLE_POLLS,
  UPLOAD_WATCH_POLL_MS,
  UPLOAD_WATCH_POLLS_MAX,
} from "../../shared/limits.ts";
import type { Timer } from "../../shared/ports.ts";
import type { UploadRecord } from "./upload/object.ts";
import { uploadView } from "./upload-view.ts";

/**
 * Streams `first` and what `look` tells after it, until the state is final or the client leaves.
 *
 * @param lastEventId Of the request, where it is a reconnection.
 */
export function watchUpload(
  first: UploadRecord,
  look: () => Promise<UploadRecord | null>,
  timer: Timer,
  lastEventId: string | null,
): Response {
  const { state } = first.journal;
  if (state !== "running" && state === lastEventId) {
    return new Response(null, { status: 204, headers: { "Cache-Control": "no-store" } });
  }
  const left = new AbortController();
  const events = watchEvents(first, look, timer, left.signal);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await events.next();
        if (done === true) controller.close();
        else controller.enqueue(utf8Bytes(value));
      } catch (error) {
        if (!left.signal.aborted) controller.error(error);
      }
    },
    cancel() {
      left.abort(new Error("the client has left"));
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

async function* watchEvents(
  first: UploadRecord,
  look: () => Promise<UploadRecord | null>,
  timer: Timer,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let record: UploadRecord | null = first;
  let told = "";
  let idlePolls = 0;
  for (let poll = 0; record !== null && poll < UPLOAD_WATCH_POLLS_MAX; poll++) {
    const view = JSON.stringify(uploadView(record));
    const isNews = view !== told;
    idlePolls = isNews ? 0 : idlePolls + 1;
    if (isNews) yield `event: state\nid: ${record.journal.state}\ndata: ${view}\n\n`;
    else if (idlePolls % UPLOAD_WATCH_IDLE_POLLS === 0) yield ": unchanged\n\n";
    told = view;
    if (record.journal.state !== "running") return;
    await timer.sleep(UPLOAD_WATCH_POLL_MS, signal);
    record = await look();
  }
}
