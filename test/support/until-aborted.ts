/** Requests that nobody answers. */

/** Node collects a request that nothing else holds, and with it the link by which it is aborted. */
const waiting = new Set<Request>();

/** What `fetch` gives for a node that never answers: it rejects once the request is aborted. */
export function untilAborted(request: Request): Promise<Response> {
  waiting.add(request);
  return new Promise((_, reject) => {
    const { signal } = request;
    const abandon = () => {
      waiting.delete(request);
      reject(signal.reason as Error);
    };
    if (signal.aborted) abandon();
    else signal.addEventListener("abort", abandon, { once: true });
  });
}
