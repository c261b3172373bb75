/** A video behind the aggregator, as people use it: played, sought, resumed, fetched in parts. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium, type Response as PageResponse } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../devnet/listen.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, storedBlob } from "./answers.ts";
import { CHROMIUM, CHROMIUM_ARGUMENTS } from "./chromium.ts";
import { type Gateway, startGateway } from "./local-gateway/gateway.ts";
import { longVideo } from "./long-video.ts";

const CLIP = "test/vectors/media/clip.mp4";
const PARALLEL_PARTS = 8;
const run = promisify(execFile);

/** What the page can tell of its video. */
interface Played {
  readonly durationSeconds: number;
  readonly currentSeconds: number;
  /** Decoded frames that were shown. */
  readonly frames: number;
  readonly error: string | null;
}

/** Plays, to `toFraction` of the whole and on for a moment. Runs in the page. */
const SEEK_AND_PLAY = `async (toFraction) => {
  const video = document.querySelector("video");
  const event = (name) => new Promise((resolve, reject) => {
    video.addEventListener(name, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
  });
  if (video.readyState < 1) await event("loadedmetadata");
  const sought = event("seeked");
  video.currentTime = video.duration * toFraction;
  await sought;
  const before = video.getVideoPlaybackQuality().totalVideoFrames;
  await video.play();
  while (video.getVideoPlaybackQuality().totalVideoFrames < before + 5) await event("timeupdate");
  video.pause();
  return {
    durationSeconds: video.duration,
    currentSeconds: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    error: video.error === null ? null : video.error.message,
  };
}`;

/** What is watched. */
export interface WatchedVideo {
  /** About. */
  readonly byteCount: number;
  /** The fewer shards, the smaller the largest blob: 100 of them take 149 MB. */
  readonly shardCount: number;
  readonly timeoutMs: number;
}

/** Stores a video and watches it. */
export function videoTests({ byteCount, shardCount, timeoutMs }: WatchedVideo): void {
  const video = longVideo(readFileSync(CLIP), byteCount);
  let network: Network;
  let gateway: Gateway;
  let browser: Browser;
  let pages: Server;
  let url: string;

  beforeAll(async () => {
    network = await startNetwork({ shardCount, seed: "video" });
    gateway = await startGateway(network, {
      vars: { publisher: { MAX_BLOB_BYTES: String(video.length) } },
    });
    const stored = await fetch(`${gateway.urls.publisher}/v1/blobs?epochs=5`, {
      method: "PUT",
      body: new Uint8Array(video),
      headers: { "Content-Type": "video/mp4" },
    });
    const { blobId } = await storedBlob(stored);
    url = `${gateway.urls.aggregator}/v1/blobs/${blobId}`;
    pages = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html");
      response.end(`<!doctype html><video muted preload="metadata" src="${url}"></video>`);
    });
    await listen(pages, 0);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS] });
  }, timeoutMs);
  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await gateway?.close();
    await network?.close();
  });

  describe(`a video of ${Math.round(video.length / 1_000_000)} MB`, () => {
    test.each(["as it is found", "as it was cached"])(
      "is played and sought by Chromium, %s",
      async () => {
        const page = await browser.newPage();
        const answers: PageResponse[] = [];
        page.on("response", (response) => {
          if (response.url() === url) answers.push(response);
        });
        await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
        let frames = 0;
        for (const fraction of [0.9, 0.1, 0.5]) {
          const played = await page.evaluate<Played>(`(${SEEK_AND_PLAY})(${fraction})`);
          expect(played.error).toBeNull();
          expect(played.frames).toBeGreaterThan(frames);
          expect(played.currentSeconds / played.durationSeconds).toBeGreaterThan(fraction - 0.05);
          expect(played.currentSeconds / played.durationSeconds).toBeLessThan(fraction + 0.4);
          ({ frames } = played);
        }
        const headers = await Promise.all(answers.map((answer) => answer.allHeaders()));
        expect(new Set(answers.map((answer) => answer.status()))).toEqual(new Set([206]));
        expect(new Set(headers.map((each) => each["content-type"]))).toEqual(
          new Set(["video/mp4"]),
        );
        await page.close();
      },
      timeoutMs,
    );

    test(
      "is the same in parts that are fetched side by side",
      async () => {
        const size = Math.ceil(video.length / PARALLEL_PARTS);
        const parts = Array.from({ length: PARALLEL_PARTS }, async (_, index) => {
          const [first, last] = [index * size, Math.min(video.length, (index + 1) * size) - 1];
          const response = await fetch(url, { headers: { Range: `bytes=${first}-${last}` } });
          expect(response.status).toBe(206);
          return Buffer.from(await response.arrayBuffer());
        });
        expectSameBytes(Buffer.concat(await Promise.all(parts)), video);
      },
      timeoutMs,
    );

    test(
      "is resumed by curl -C - where a download broke off",
      async () => {
        const folder = mkdtempSync(join(tmpdir(), "walrus-edge-video-"));
        try {
          const file = join(folder, "video.mp4");
          const part = Math.floor(video.length / 3);
          await run("curl", ["-sS", "-f", "-r", `0-${part - 1}`, "-o", file, url]);
          expect(readFileSync(file).length).toBe(part);
          await run("curl", ["-sS", "-f", "-C", "-", "-o", file, url]);
          expectSameBytes(readFileSync(file), video);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      timeoutMs,
    );
  });
}
