import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { METRICS_SERIES_MAX } from "../../../../shared/limits.ts";
import { err, ok } from "../../../../shared/result.ts";
import { METRICS } from "../../../../workers/publisher/metrics/catalogue.ts";
import { createCounters } from "../../../../workers/publisher/metrics/counters.ts";
import { exposition } from "../../../../workers/publisher/metrics/exposition.ts";
import { leaseSamples, walletTotals } from "../../../../workers/publisher/metrics/gauges.ts";
import { relayIncrements } from "../../../../workers/publisher/metrics/relay-sample.ts";
import { VERSION } from "../../../../workers/publisher/metrics/show-metrics.ts";
import { uploadIncrements } from "../../../../workers/publisher/metrics/upload-sample.ts";
import type { RelayFailure } from "../../../../workers/publisher/relay/relay-problem.ts";
import type { WalletStatus } from "../../../../workers/publisher/wallet/commands.ts";
import { type Journal, openJournal } from "../../../../workers/publisher/upload/journal.ts";
import { memorySql } from "../../../support/memory-sql.ts";
import { uploadRequest } from "../../../support/upload-request.ts";

const REQUEST = uploadRequest();

/** A certified upload whose steps took so many milliseconds each. */
function certified(stepMs: number): Journal {
  const open = openJournal(REQUEST, 1_000, 0);
  const step = (index: number) => ({
    status: "done" as const,
    startedAtMs: index * stepMs,
    finishedAtMs: (index + 1) * stepMs,
    result: null,
  });
  const result = { blobId: "b", rootHash: "", shardCount: 13, encodedBytes: 9_000 };
  return {
    ...open,
    state: "certified",
    finishedAtMs: 4 * stepMs,
    steps: {
      encode: { ...step(0), result },
      register: step(1),
      "fan-out": step(2),
      certify: step(3),
      record: step(4),
    },
  };
}

describe("what an upload adds", () => {
  test("certified: bytes, its whole time and that of each step", () => {
    const increments = uploadIncrements(certified(500), 2_500);
    expect(increments.map(({ name, by }) => [name, by])).toEqual([
      ["walrus_edge_uploads_total", 1],
      ["encoding_latency_s", 0.5],
      ["store_operation_latency_s", 0.5],
      ["get_certificates_latency_s", 0.5],
      ["upload_certificate_latency_s", 0.5],
      ["latency_s", 2],
      ["latency_squared_s", 4],
      ["walrus_edge_upload_bytes_total", 1_000],
      ["walrus_edge_encoded_bytes_total", 9_000],
    ]);
  });

  test("tells the time of encoding from that of asking whether the blob is there already", () => {
    const journal = certified(500);
    const { encode } = journal.steps;
    const result = encode.result && { ...encode.result, statusCheckMs: 200 };
    const steps = { ...journal.steps, encode: { ...encode, result } };
    const increments = uploadIncrements({ ...journal, steps }, 2_500);
    const told = increments.map(({ name, by }) => [name, by]);
    expect(told.slice(1, 3)).toEqual([
      ["encoding_latency_s", 0.3],
      ["checking_blob_status_latency_s", 0.2],
    ]);
  });

  test.each([
    [{ kind: "cancelled" } as const, "cancelled", 0],
    [{ kind: "epoch-unsettled" } as const, "failed", 1],
  ])("%o counts as %s", (failure, outcome, errors) => {
    const journal = { ...openJournal(REQUEST, 1_000, 0), state: "failed", failure } as const;
    const increments = uploadIncrements(journal, 100);
    expect(increments[0]).toMatchObject({ labels: { outcome } });
    expect(increments.filter(({ name }) => name === "errors")).toHaveLength(errors);
    expect(increments.some(({ name }) => name.includes("bytes"))).toBe(false);
  });
});

describe("what a relayed upload adds", () => {
  const counted = (relayed: Parameters<typeof relayIncrements>[0]) =>
    relayIncrements(relayed).map(({ name, by }) => [name, by]);
  const PREFIX = "walrus_upload_relay_";

  test("is one more where it was certified", () => {
    expect(counted(ok(null))).toEqual([[`${PREFIX}blobs_uploaded`, 1]]);
  });

  test.each<[RelayFailure, string | null]>([
    [{ kind: "relay-blob-mismatch", blobId: "b" }, "blob_id_mismatch"],
    [{ kind: "tip-transaction-unreadable" }, "get_transaction_error"],
    [{ kind: "tip-transaction-unknown" }, "get_transaction_error"],
    [{ kind: "tip-transaction-untimed" }, "freshness_check_error"],
    [{ kind: "tip-transaction-stale" }, "freshness_check_error"],
    [{ kind: "tip-transaction-early" }, "freshness_check_error"],
    [{ kind: "tip-transaction-failed" }, "tip_check_error"],
    [{ kind: "tip-missing", expectedMist: "1" }, "tip_check_error"],
    [{ kind: "tip-insufficient", paidMist: "1", expectedMist: "2" }, "tip_check_error"],
    [{ kind: "tip-unauthentic", part: "nonce" }, "auth_package_check_error"],
    [{ kind: "tip-parameter-missing", parameter: "tx_id" }, null],
  ])("%o is %s", (refusal, error) => {
    const expected = error === null ? [] : [[`${PREFIX}${error}`, 1]];
    expect(counted(err({ kind: "relay-refused", refusal }))).toEqual(expected);
  });

  test("is nothing where the network failed: no official name counts that", () => {
    expect(counted(err({ kind: "interrupted" }))).toEqual([]);
  });
});

describe("the counters", () => {
  test("are what they were when they are opened again, once written", () => {
    const sql = memorySql();
    const counters = createCounters(sql);
    counters.add(uploadIncrements(certified(500), 0));
    counters.add(uploadIncrements(certified(300_000), 0));
    expect(exposition(createCounters(sql).samples())).not.toContain("walrus_edge_uploads_total");
    counters.flush();
    const again = createCounters(sql);
    const byName = (samples: readonly { readonly name: string }[]) =>
      samples.toSorted((left, right) => (left.name < right.name ? -1 : 1));
    expect(byName(again.samples())).toEqual(byName(counters.samples()));
    again.add(uploadIncrements(certified(500), 0));
    expect(exposition(again.samples())).toContain(
      'walrus_edge_uploads_total{outcome="certified"} 3',
    );
  });

  test("without labels are there from the beginning, so that the first event is a rise", () => {
    const sql = memorySql();
    const lines = exposition(createCounters(sql).samples()).split("\n");
    expect(lines).toContain("walrus_upload_relay_blob_id_mismatch 0");
    expect(lines).toContain("encoding_latency_s_count 0");
    expect(lines.filter((line) => line.includes("workload"))).toEqual([]);
    const counters = createCounters(sql);
    counters.add([{ name: "walrus_upload_relay_blob_id_mismatch", by: 1 }]);
    counters.flush();
    const again = exposition(createCounters(sql).samples()).split("\n");
    expect(again).toContain("walrus_upload_relay_blob_id_mismatch 1");
  });

  test(`keep at most ${METRICS_SERIES_MAX} series`, () => {
    const counters = createCounters(memorySql());
    for (let index = 0; index < METRICS_SERIES_MAX + 5; index++) {
      counters.add([{ name: "errors", labels: { type: `kind ${index}` }, by: 1 }]);
    }
    expect(counters.samples()).toHaveLength(METRICS_SERIES_MAX);
    counters.add([{ name: "errors", labels: { type: "kind 0" }, by: 1 }]);
    const [first] = counters.samples().filter(({ name }) => name === "errors");
    expect(first).toMatchObject({ labels: { type: "kind 0" }, value: 2 });
  });
});

describe("the page", () => {
  test("is Prometheus' text format: help, type, cumulative buckets, escaped labels", () => {
    const counters = createCounters(memorySql());
    const labels = { workload: "write" };
    for (const by of [0.5, 1, 2.2, 500]) counters.add([{ name: "latency_s", labels, by }]);
    const page = exposition([
      ...counters.samples(),
      {
        name: "walrus_edge_wallet_spent_frost_total",
        labels: { address: 'a"\\\nb' },
        value: 2n ** 70n,
      },
    ]);
    const lines = page.split("\n");
    expect(lines.slice(0, 2)).toEqual([
      "# HELP latency_s Total time in seconds used by the workloads",
      "# TYPE latency_s histogram",
    ]);
    for (const line of [
      'latency_s_bucket{workload="write",le="1"} 2',
      'latency_s_bucket{workload="write",le="2"} 2',
      'latency_s_bucket{workload="write",le="2.5"} 3',
      'latency_s_bucket{workload="write",le="160"} 3',
      'latency_s_bucket{workload="write",le="+Inf"} 4',
      'latency_s_sum{workload="write"} 503.7',
      'latency_s_count{workload="write"} 4',
      'walrus_edge_wallet_spent_frost_total{address="a\\"\\\\\\nb"} 1180591620717411303424',
    ]) {
      expect(lines).toContain(line);
    }
    expect(page.endsWith("\n")).toBe(true);
  });

  test("counts transactions and refills over all wallets", () => {
    const wallet = (counts: Partial<WalletStatus>): WalletStatus => ({
      address: "0x1",
      unresolved: [],
      queueLength: 0,
      spentFrost: 0n,
      gasMist: 0n,
      transactionCount: 0,
      gasRefillCount: 0,
      walRefillCount: 0,
      ...counts,
    });
    const main = wallet({ transactionCount: 9, gasRefillCount: 3, walRefillCount: 2 });
    const page = exposition(walletTotals([main, wallet({ transactionCount: 4 })]));
    expect(page.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
      'submitted{workload="write"} 13',
      "gas_refill 3",
      "wal_refill 2",
      "",
    ]);
  });

  test("tells leases by how soon they end", () => {
    const ends = [
      { endEpoch: 4, count: 1, storageBytes: 10 },
      { endEpoch: 6, count: 2, storageBytes: 20 },
      { endEpoch: 60, count: 4, storageBytes: 40 },
    ];
    const told = leaseSamples(ends, 5).map(({ labels, value }) => [
      labels?.["within_epochs"],
      value,
    ]);
    expect(told).toEqual([
      [undefined, 5],
      [undefined, 7],
      [undefined, 70],
      ["0", 1],
      ["1", 3],
      ["2", 3],
      ["5", 3],
      ["10", 3],
      ["26", 3],
      ["53", 3],
    ]);
  });

  test("is explained for operators, every family of it", () => {
    const operations = readFileSync("docs/operations.md", "utf8");
    const missing = Object.keys(METRICS).filter((name) => !operations.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  test("names the version of package.json", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(VERSION).toBe(version);
  });
});
