/** What a page of another origin can do with the aggregator, in a real browser. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../devnet/listen.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { storedBlob } from "../support/answers.ts";
import { CHROMIUM, CHROMIUM_ARGUMENTS } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/local-gateway/gateway.ts";

const TEXT = "Grüße aus dem Netz\n".repeat(100);
const PAGE_OF_SCRIPT = "<!doctype html><title>still</title><script>document.title='ran'</script>";
/** Hands every path below `/blobs/` to the gateway. */
const SERVICE_WORKER = (aggregator: string) => `
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("fetch", (event) => {
    const [, id] = /^\\/blobs\\/(.*)$/.exec(new URL(event.request.url).pathname) ?? [];
    if (id !== undefined) event.respondWith(fetch("${aggregator}/v1/blobs/" + id));
  });`;

let network: Network;
let gateway: Gateway;
let browser: Browser;
let pages: Server;
let page: Page;
let origin: string;
let url: string;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "browser-reads" });
  gateway = await startGateway(network);
  const { aggregator } = gateway.urls;
  pages = createServer((request, response) => {
    const isWorker = request.url === "/worker.js";
    response.setHeader("Content-Type", isWorker ? "text/javascript" : "text/html");
    response.end(isWorker ? SERVICE_WORKER(aggregator) : "<!doctype html><title>page</title>");
  });
  await listen(pages, 0);
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  url = `${aggregator}/v1/blobs/${(await stored(TEXT, "text/plain")).blobId}`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS] });
  page = await browser.newPage();
  await page.goto(origin);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  pages?.close();
  await gateway?.close();
  await network?.close();
});

async function stored(content: string, type: string) {
  const response = await fetch(`${gateway.urls.publisher}/v1/blobs?epochs=5`, {
    method: "PUT",
    body: content,
    headers: { "Content-Type": type },
  });
  return storedBlob(response);
}

/** Fetches in the page; headers as the page may see them. */
function fetchInPage(at: string, init: object): Promise<Fetched> {
  return page.evaluate<Fetched>(`(async () => {
    const response = await fetch(${JSON.stringify(at)}, ${JSON.stringify(init)});
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, headers, text: await response.text() };
  })()`);
}

interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

describe("a page of another origin", () => {
  test("reads a blob and what is said of it", async () => {
    const { status, headers, text } = await fetchInPage(url, {});
    expect([status, text]).toEqual([200, TEXT]);
    expect(headers).toMatchObject({
      etag: `"${url.slice(url.lastIndexOf("/") + 1)}"`,
      "accept-ranges": "bytes",
      "content-length": String(Buffer.byteLength(TEXT)),
      "cache-status": expect.stringContaining("walrus-edge") as string,
      "repr-digest": expect.stringContaining("sha-256=") as string,
      "x-walrus-verified": "default",
      "x-request-id": expect.stringMatching(/^[0-9a-f]+$/) as string,
    });
  });

  test("asks with headers of its own: parts, and on condition", async () => {
    const headers = { Range: "bytes=-6", "X-Own": "1", Authorization: "Bearer nothing" };
    const part = await fetchInPage(url, { headers, cache: "no-store" });
    expect([part.status, part.text]).toEqual([206, "Netz\n".padStart(6)]);
    const length = Buffer.byteLength(TEXT);
    expect(part.headers["content-range"]).toBe(`bytes ${length - 6}-${length - 1}/${length}`);
    const tag = part.headers["etag"] ?? "";
    const init = { headers: { "If-None-Match": tag }, cache: "no-store" };
    expect((await fetchInPage(url, init)).status).toBe(304);
    // The browser's own cache asks for itself, and shows its page the whole.
    expect((await fetchInPage(url, { cache: "no-cache" })).text).toBe(TEXT);
  });

  test("is told why there is nothing", async () => {
    const { status, text } = await fetchInPage(`${gateway.urls.aggregator}/v1/blobs/x`, {});
    expect(status).toBe(400);
    expect(text).toContain("INVALID_BLOB_ID");
  });

  test("reads through a service worker of its own", async () => {
    await page.evaluate(`(async () => {
      await navigator.serviceWorker.register("/worker.js");
      await navigator.serviceWorker.ready;
      if (navigator.serviceWorker.controller === null) {
        await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
      }
    })()`);
    const { text } = await fetchInPage(`/blobs/${url.slice(url.lastIndexOf("/") + 1)}`, {});
    expect(text).toBe(TEXT);
  });
});

describe("a browser that goes to content", () => {
  test("saves it under the name asked for", async () => {
    const name = 'Grüße & "Küsse" 100%.txt';
    const saving = page.waitForEvent("download");
    const query = `download&filename=${encodeURIComponent(name)}`;
    await page.evaluate(`{ location.href = ${JSON.stringify(`${url}?${query}`)} }`);
    const saved = await saving;
    // Chromium has no quotes in file names.
    expect(saved.suggestedFilename()).toBe(name.replaceAll('"', "_"));
    await saved.cancel();
  });

  test("runs nothing that an uploader wrote, whatever its type", async () => {
    const { id } = await stored(PAGE_OF_SCRIPT, "text/html");
    const shown = await browser.newPage();
    const answer = await shown.goto(`${gateway.urls.aggregator}/v1/blobs/by-object-id/${id}`);
    expect(answer?.headers()["content-type"]).toMatch(/^text\/html/);
    expect(await shown.title()).toBe("still");
    await shown.close();
  });
});
