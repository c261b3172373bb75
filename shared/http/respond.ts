/** Small answers that every Worker gives. Pure. */

/** JSON that no cache may keep. */
export function jsonResponse(body: unknown, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("Content-Type", "application/json");
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  return new Response(JSON.stringify(body), { ...init, headers });
}

/**
 * What every answer of every Worker carries: the ID that the log repeats, and a word on caching,
 * `no-store` where it has none; what says nothing is guessed at by caches.
 */
export function finished(response: Response, requestId: string): Response {
  response.headers.set("X-Request-Id", requestId);
  if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-store");
  return response;
}

/** `/status` of the official daemons: the process answers, and no more than that. */
export function statusResponse(): Response {
  return new Response("OK", {
    headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" },
  });
}
