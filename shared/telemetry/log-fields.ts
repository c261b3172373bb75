/**
 * The fields a log line may have, each with what it holds. Data only.
 *
 * The list is closed and checked by the compiler, so that a query over the logs finds what it looks
 * for under one name, and nothing gets into a line by accident: none of these holds a token, a key,
 * a header or bytes of a body. `docs/operations.md` shows it to operators.
 */
export const LOG_FIELDS = {
  // Whose line it is.
  requestId: "the request, as in X-Request-Id",
  uploadId: "the upload, as in its Location",
  operator: "subject of the token that changed the gate",
  client: "hash of whoever writes: a token's subject or an address",
  // A request and its answer.
  method: "HTTP method",
  route: "pattern of the path, never the path itself",
  path: "path of a read; it holds public IDs only",
  status: "HTTP status",
  reason: "reason of a refusal, as in the error's details",
  requestBytes: "length of the body as declared",
  // An upload and its steps.
  step: "encode, register, fan-out, certify or record",
  outcome: "done, or the kind of failure",
  generation: "how often the step's command had to be named anew",
  attempts: "attempts so far",
  durationMs: "milliseconds",
  resume: "which resumption",
  lane: "which lane",
  // The wallet.
  digest: "transaction",
  txDigests: "transactions",
  commands: "ids of the commands of a transaction",
  // Leases, names and cached things.
  epoch: "Walrus epoch",
  leaseCount: "leases looked at",
  extendedCount: "leases extended",
  skippedCount: "leases left alone",
  costFrost: "FROST",
  blobId: "blob",
  key: "key of a cache or KV entry",
  tier: "tier of the cache an answer began with, or nodes",
  verified: "how an answer was checked, as in X-Walrus-Verified",
  nodeRequests: "requests to storage nodes, without those of lanes and Fill objects",
  policy: "rate limit",
  id: "what was read",
  // What went wrong.
  failure: "kind of failure",
  failures: "kinds of failures",
  causes: "nodes and kinds of their failures",
  detail: "the words of a node or RPC server",
  error: "the platform's own words, or a stack",
  problems: "what is wrong with the configuration, without URLs and secrets",
} as const;

/** Name of a field. */
export type LogField = keyof typeof LOG_FIELDS;
