/**
 * `GET /metrics`: what the gateway has done and holds, for Prometheus, behind a token of its own.
 *
 * Nothing is measured here: the Metrics object, the wallets, the LeaseBook, the Gate and the chain
 * are asked, and a source that cannot be asked leaves its series out and says so.
 */
import { equalBytes, utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { type Problem, unknownPath } from "../../../shared/http/problem.ts";
import type { Result } from "../../../shared/result.ts";
import type { ChainFailure } from "../../../shared/sui/chain.ts";
import type { Answer } from "../answer.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { exposition, EXPOSITION_TYPE, type HistogramSample, type Sample } from "./exposition.ts";
import { balanceSamples, leaseSamples, walletSamples, walletTotals } from "./gauges.ts";

type Samples = readonly (Sample | HistogramSample)[];

/** Of the gateway, as in package.json: a test holds them against each other. */
export const VERSION = "0.1.0";

/** 404 where no token is configured, 401 without the right one. */
export async function showMetrics(request: Request, context: AppContext): Promise<Answer> {
  const refusal = await refusalOf(request, context.config.metricsToken);
  if (refusal !== null) return refusal;
  const samples = await Promise.all([
    ask("metrics", context, () => context.metrics.samples()),
    ask("leases", context, () => leases(context)),
    ask("wallets", context, () => spending(context)),
    ask("gate", context, () => blocklist(context)),
    ask("balances", context, () => balances(context)),
  ]);
  const build: Sample = { name: "walrus_build_info", labels: { version: VERSION }, value: 1 };
  return new Response(exposition([build, ...samples.flat()]), {
    headers: { "Content-Type": EXPOSITION_TYPE, "Cache-Control": "no-store" },
  });
}

async function refusalOf(request: Request, token: string | null): Promise<Problem | null> {
  if (token === null) return unknownPath();
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
  // Digests of equal length: how long the comparison takes tells nothing of the token.
  const [left, right] = await Promise.all([given, token].map(digestOf));
  const isRight = left !== undefined && right !== undefined && equalBytes(left, right);
  return isRight ? null : failureToProblem({ kind: "metrics-token-refused" });
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8Bytes(text)));
}

/** One source: its samples, and whether it could be asked. */
async function ask(source: string, context: AppContext, read: () => Promise<Samples>) {
  const ok = (value: number): Sample => ({
    name: "walrus_edge_scrape_ok",
    labels: { source },
    value,
  });
  try {
    return [ok(1), ...(await read())];
  } catch (error) {
    const { log, requestId } = context;
    log.warn({ event: "metrics.unreadable", requestId, id: source, error: String(error) });
    return [ok(0)];
  }
}

async function leases({ leaseBook, chain }: AppContext): Promise<Samples> {
  const [ends, system] = await Promise.all([leaseBook.ends(), chain.readSystem()]);
  return leaseSamples(ends, valueOf(system).epoch);
}

async function blocklist({ gate }: AppContext): Promise<Samples> {
  return [{ name: "walrus_blocklist_size", value: await gate().blockCount() }];
}

async function spending({ wallets }: AppContext): Promise<Samples> {
  const { addresses } = wallets;
  const statuses = await Promise.all(addresses.map((address) => wallets.at(address).status()));
  return [...walletTotals(statuses), ...statuses.flatMap(walletSamples)];
}

async function balances({ chain, wallets }: AppContext): Promise<Samples> {
  const { walType } = valueOf(await chain.readSystem()).contract;
  const all = await Promise.all(
    wallets.addresses.map(async (address) => {
      const [wal, sui] = await Promise.all([
        chain.listCoins(address, walType),
        chain.listCoins(address, "0x2::sui::SUI"),
      ]);
      return balanceSamples(address, { wal: valueOf(wal), sui: valueOf(sui) });
    }),
  );
  return all.flat();
}

/** @throws {Error} Which `ask` turns into a source that could not be asked. */
function valueOf<T>(answer: Result<T, ChainFailure>): T {
  if (answer.ok) return answer.value;
  throw new Error(`Cannot read the chain: ${answer.failure.kind}`);
}
