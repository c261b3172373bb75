/**
 * The admin contract and the faucet over HTTP, beside the Sui RPC on one port. Admin requests are
 * JSON in and out; a bad one is a 400 that says what was expected.
 */
import * as v from "valibot";
import { NODE_FAULTS, NODE_ROUTES } from "../storage-node/faults.ts";
import { RPC_FAULTS } from "../sui-rpc/faults.ts";
import type { Handler } from "../sui-rpc/serve.ts";
import type { NetworkAdmin, NetworkDescription } from "./description.ts";

/** What the HTTP side needs of the network. */
export interface AdminParts {
  readonly admin: NetworkAdmin;
  readonly description: () => NetworkDescription;
  /** Runs the cron hook; `null` when none is set. */
  readonly fireCron: () => Promise<unknown>;
  /** The RPC itself, for every other path; `null` for a path it does not know. */
  readonly rpc: (request: Request) => Promise<Response | null>;
}

const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "*",
  "access-control-allow-headers": "*",
};

/** Longest body of an admin request. */
const ADMIN_BODY_BYTES_MAX = 64 * 1024;

const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const EpochBody = v.strictObject({
  phase: v.optional(v.picklist(["start", "finish"])),
  moveShards: v.optional(fraction),
});
const PricesBody = v.strictObject({
  storagePrice: v.optional(count),
  writePrice: v.optional(count),
});
const RpcBody = v.strictObject({
  fault: v.nullable(v.picklist(RPC_FAULTS)),
  times: v.optional(count),
  ms: v.optional(count),
});
const NodeBody = v.strictObject({
  fault: v.nullable(v.picklist(NODE_FAULTS)),
  route: v.optional(v.picklist(NODE_ROUTES)),
  times: v.optional(v.pipe(count, v.minValue(1))),
  ms: v.optional(count),
});
const DenyBody = v.strictObject({ blobIds: v.array(v.string()) });
const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{1,64}$/));
const FaucetBody = v.union([
  v.strictObject({ address }),
  v.strictObject({ FixedAmountRequest: v.strictObject({ recipient: address }) }),
]);

/** The handler of the RPC port. */
export function adminHandler(parts: AdminParts): Handler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/faucet" || pathname === "/v2/gas" || pathname.startsWith("/admin")) {
      return await answerAdmin(parts, request, pathname);
    }
    return (await parts.rpc(request)) ?? json({ error: `no such path: ${pathname}` }, 404);
  };
}

async function answerAdmin(
  parts: AdminParts,
  request: Request,
  pathname: string,
): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { headers: CORS_HEADERS });
  try {
    return json(await route(parts, `${request.method} ${pathname}`, request));
  } catch (error) {
    if (error instanceof NoSuchPath) return json({ error: error.message }, 404);
    if (
      error instanceof v.ValiError ||
      error instanceof RangeError ||
      error instanceof SyntaxError
    ) {
      return json({ error: explain(error) }, 400);
    }
    return json({ error: error instanceof Error ? error.message : String(error) }, 500);
  }
}

async function route(parts: AdminParts, line: string, request: Request): Promise<unknown> {
  const { admin } = parts;
  switch (line) {
    case "GET /admin/state":
      return await admin.state();
    case "GET /admin/network":
      return parts.description();
    case "POST /admin/epoch":
      return await admin.changeEpoch(v.parse(EpochBody, await readJson(request)));
    case "POST /admin/cron":
      return (await parts.fireCron()) ?? {};
    case "POST /admin/prices":
      await admin.setPrices(v.parse(PricesBody, await readJson(request)));
      return {};
    case "POST /admin/rpc":
      await admin.setRpcFault(v.parse(RpcBody, await readJson(request)));
      return {};
    case "POST /faucet":
    case "POST /v2/gas": {
      const body = v.parse(FaucetBody, await readJson(request));
      await admin.faucet("address" in body ? body.address : body.FixedAmountRequest.recipient);
      return { status: "Success" };
    }
    default:
      return await nodeRoute(parts, line, request);
  }
}

async function nodeRoute(parts: AdminParts, line: string, request: Request): Promise<unknown> {
  const match = /^POST \/admin\/nodes\/(\d{1,4})(\/deny)?$/.exec(line);
  if (match === null) throw new NoSuchPath(`no such path: ${line}`);
  const nodeIndex = Number(match[1]);
  if (match[2] === undefined) {
    await parts.admin.setNodeFault(nodeIndex, v.parse(NodeBody, await readJson(request)));
  } else {
    const { blobIds } = v.parse(DenyBody, await readJson(request));
    await parts.admin.denyBlobs(nodeIndex, blobIds);
  }
  return {};
}

class NoSuchPath extends Error {}

/** The JSON body; an empty one is `{}`. */
async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.length > ADMIN_BODY_BYTES_MAX) throw new RangeError("the body is too long");
  return text.trim() === "" ? {} : JSON.parse(text);
}

function explain(error: Error): string {
  if (!(error instanceof v.ValiError)) return error.message;
  return error.issues
    .map((issue: { path?: { key: unknown }[]; message: string }) => {
      const path = issue.path?.map(({ key }) => String(key)).join(".") ?? "body";
      return `${path}: ${issue.message}`;
    })
    .join("; ");
}

function json(content: unknown, status = 200): Response {
  return Response.json(content, { status, headers: CORS_HEADERS });
}
