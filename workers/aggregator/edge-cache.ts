/** The edge cache port over the Cache API of the platform. */
import { contentRange } from "../../shared/http/range.ts";
import { platformBody } from "../../shared/platform-streams.ts";
import type { EdgeCache } from "./tiers.ts";

/** Keys become URLs of a host that exists nowhere, so that nothing else ever uses them. */
const CACHE_ORIGIN = "https://cache.walrus-edge.invalid";
const ADMITTED_HEADER = "X-Walrus-Edge-Admitted";

/** Wraps one cache of the platform (`caches.default`). */
export function createEdgeCache(cache: Cache): EdgeCache {
  return {
    async get(key) {
      const response = await cache.match(`${CACHE_ORIGIN}/${key}`);
      if (response === undefined) return null;
      const value = new Uint8Array(await response.arrayBuffer());
      return { value, admitted: response.headers.get(ADMITTED_HEADER) === "1" };
    },
    async part(key, range, totalBytes) {
      // `match` honours `Range` (Cloudflare docs, Cache API), so that no byte passes through here.
      const headers = { Range: `bytes=${range.start}-${range.end - 1}` };
      const response = await cache.match(new Request(`${CACHE_ORIGIN}/${key}`, { headers }));
      if (response === undefined) return null;
      const isExact = response.headers.get("Content-Range") === contentRange(range, totalBytes);
      if (!isExact || response.status !== 206) await response.body?.cancel();
      return {
        body: isExact && response.status === 206 ? response.body : null,
        admitted: response.headers.get(ADMITTED_HEADER) === "1",
      };
    },
    async put(key, value, { ttlSeconds, admitted }) {
      const headers = {
        "Cache-Control": `public, max-age=${ttlSeconds}`,
        [ADMITTED_HEADER]: admitted ? "1" : "0",
      };
      const body = platformBody(value as Uint8Array<ArrayBuffer>);
      await cache.put(`${CACHE_ORIGIN}/${key}`, new Response(body, { headers }));
    },
    async delete(key) {
      await cache.delete(`${CACHE_ORIGIN}/${key}`);
    },
  };
}
