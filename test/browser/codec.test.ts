/** The codec in Chromium: the module that the Workers use, unmodified, with the same results. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Codec, encodeSliver, formatBlobId } from "../../shared/codec/index.ts";
import { listen } from "../devnet/listen.ts";
import { CHROMIUM, CHROMIUM_ARGUMENTS } from "../support/chromium.ts";
import { loadCodec } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";
import { valueOf } from "../support/results.ts";
import vectors from "../vectors/blobs.json" with { type: "json" };
import type { PageAnswer, PageRequest } from "./page.ts";

const KERNELS = fileURLToPath(import.meta.resolve("../../shared/codec/kernel/build/"));
const START_TIMEOUT_MS = 60_000;

let codec: Codec;
let server: Server;
let browser: Browser | undefined;
let page: Page;
const consoleErrors: string[] = [];

beforeAll(async () => {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`Cannot find ${CHROMIUM}: run scripts/install-chromium.sh`);
  }
  codec = await loadCodec();
  server = await serve(await bundle());
  const { port } = server.address() as AddressInfo;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS] });
  page = await browser.newPage();
  page.on("pageerror", (error) => consoleErrors.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/`);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function bundle(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve("./page.ts"));
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2024",
  });
  return outputFiles[0]?.text ?? "";
}

async function serve(script: string): Promise<Server> {
  // The relaxed build sorts after the plain one and is preferred.
  const kernels = readdirSync(KERNELS)
    .filter((name) => name.endsWith(".wasm"))
    .toSorted()
    .toReversed();
  const contents: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
    "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", script],
    "/kernels": ["application/json", JSON.stringify(kernels)],
    "/favicon.ico": ["image/x-icon", ""],
    ...Object.fromEntries(
      kernels.map((name) => [
        `/kernel/${name}`,
        ["application/wasm", readFileSync(KERNELS + name)] as const,
      ]),
    ),
  };
  const listening = createServer((request, response) => {
    const content = contents[request.url ?? ""];
    response.writeHead(content === undefined ? 404 : 200, {
      "Content-Type": content?.[0] ?? "text/plain",
    });
    response.end(content?.[1]);
  });
  await listen(listening, 0);
  return listening;
}

function expectedAnswer({ byteCount, seed, shardCount }: PageRequest): PageAnswer {
  const encoded = valueOf(codec.encode(seededBytes(byteCount, seed), shardCount));
  const pairs = encoded.slivers(Array.from({ length: shardCount }, (_, index) => index));
  const hashes = [...pairs].flatMap(({ primary, secondary }) =>
    [primary, secondary].map((sliver) => codec.hash(encodeSliver(sliver))),
  );
  encoded.release();
  return {
    blobId: formatBlobId(encoded.metadata.blobId),
    sliversHash: formatBlobId(codec.hash(Buffer.concat(hashes))),
    verifies: true,
  };
}

test.each<PageRequest>([
  { byteCount: 0, seed: 1, shardCount: 10 },
  { byteCount: 1, seed: 2, shardCount: 1000 },
  { byteCount: 100_000, seed: 3, shardCount: 13 },
  { byteCount: 1_048_576, seed: 4, shardCount: 100 },
])("encodes, verifies and decodes %j", async (request) => {
  const answer = await page.evaluate<PageAnswer>(`answer(${JSON.stringify(request)})`);
  expect(answer).toEqual(expectedAnswer(request));
  expect(consoleErrors).toEqual([]);
});

test("computes the blob ID that mainnet gives the empty blob", async () => {
  const request: PageRequest = { byteCount: 0, seed: 1, shardCount: 1000 };
  const { blobId } = await page.evaluate<PageAnswer>(`answer(${JSON.stringify(request)})`);
  const known = vectors.mainnet.find(({ n, blob }) => n === 1000 && blob === "empty");
  expect(blobId).toBe(known?.id);
});
