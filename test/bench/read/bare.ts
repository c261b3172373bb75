/** The peer of cached reads: a Worker of three lines over the platform's cache, and nothing else. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const SCRIPT = `
export default { async fetch(request) {
  const key = new Request("https://bare.invalid/blob");
  if (request.method === "PUT") return await caches.default.put(key, new Response(request.body, { headers: { "Cache-Control": "max-age=3600" } })), new Response(null);
  return caches.default.match(key);
} }`;

/** A running bare Worker that has cached one body. */
export interface BareWorker {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it with `content` in its cache. */
export async function startBareWorker(content: Uint8Array): Promise<BareWorker> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "bare",
      compatibilityDate: "2026-10-23",
      modules: [{ type: "ESModule", path: "index.mjs", contents: SCRIPT }],
      // Past Miniflare's own proxy, as our Workers are asked.
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      log: new Log(LogLevel.ERROR),
      telemetry: { enabled: false },
    }),
  );
  await miniflare.ready;
  const url = (await miniflare.unsafeGetDirectURL("bare")).href;
  const stored = await fetch(url, { method: "PUT", body: content as BodyInit });
  if (!stored.ok) throw new Error(`Cannot cache: the bare Worker answered ${stored.status}`);
  return { url, close: () => miniflare.dispose() };
}
