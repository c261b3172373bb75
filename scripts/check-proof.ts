/**
 * Checks a proof of the aggregator from the command line.
 *
 * Usage: `node scripts/check-proof.ts <blobId> <shardCount> <proof.json> [<start> <end> [<file with
 * those bytes>]]`, `end` excluded. Exits 1 and says why when the proof does not hold.
 */
import { readFileSync } from "node:fs";
import { checkProof } from "../test/support/proof-checker.ts";

function main(args: readonly string[]): void {
  const [blobId = "", shards = "", proofFile = "", start, end, bytesFile] = args;
  const range = start === undefined ? null : { start: Number(start), end: Number(end) };
  const proof: unknown = JSON.parse(readFileSync(proofFile, "utf8"));
  const proven = checkProof(proof, { blobId, shardCount: Number(shards), range });
  if (bytesFile !== undefined) {
    const isSame = readFileSync(bytesFile).equals(proven);
    if (!isSame) throw new Error("Not proven: the file holds other bytes");
  }
  console.log(`Proven: ${proven.length} bytes belong to blob ${blobId}`);
}

if (import.meta.main) main(process.argv.slice(2));
