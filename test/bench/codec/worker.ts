/**
 * The contests inside workerd. `GET /?case=…&side=ours|peer&repeat=N&shards=…` does one side of a
 * case N times; the clock stands still in here, so the caller times the request.
 */
import init from "@mysten/walrus-wasm";
import peerModule from "@mysten/walrus-wasm/web/walrus_wasm_bg.wasm";
import kernel from "../../../shared/codec/kernel/build/kernel.wasm";
import { createCodec } from "../../../shared/codec/index.ts";
import { codecCases, type Contest, prepare } from "./cases.ts";

interface Current {
  readonly key: string;
  readonly contest: Contest;
  readonly memoryBytes: number;
}

let current: Current | undefined;
let isReady: Promise<void> | undefined;

export default {
  async fetch(request: Request): Promise<Response> {
    isReady ??= Promise.resolve(init({ module_or_path: peerModule }));
    await isReady;
    const { searchParams } = new URL(request.url);
    const { contest, memoryBytes } = contestOf(
      searchParams.get("case") ?? "",
      Number(searchParams.get("shards")),
    );
    let result = new Uint8Array(0);
    const side = searchParams.get("side") === "peer" ? "peer" : "ours";
    for (let left = Number(searchParams.get("repeat")); left > 0; left--) {
      result = new Uint8Array(contest[side]());
    }
    return Response.json({ memoryBytes, result: await digestOf(result) });
  },
};

/** The case is prepared, and both sides are run once, before anything is timed. */
function contestOf(name: string, shardCount: number): Current {
  const key = `${name} at ${shardCount}`;
  if (current?.key === key) return current;
  current = undefined;
  const found = codecCases().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  const { contest, memoryBytes } = prepare(found, () => createCodec(kernel), shardCount);
  current = { key, contest, memoryBytes };
  return current;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
