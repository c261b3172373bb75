/** The shapes of answers and bodies in the OpenAPI document. Data only. */

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;
const nullable = (type: string) => ({ type: [type, "null"] }) as const;
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function object(
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = Object.keys(properties),
): object {
  return { type: "object", properties, required };
}

const event = object({ txDigest: text, eventSeq: text });
const blobId = { type: "string", pattern: "^[A-Za-z0-9_-]{43}$" };
const objectId = { type: "string", pattern: "^0x[0-9a-f]{64}$" };

const nameVersion = {
  version: { type: "integer", minimum: 1 },
  blobId: nullable("string"),
  objectId: nullable("string"),
  txDigest: nullable("string"),
  changedAt: text,
};

const tip = object({
  address: objectId,
  kind: {
    oneOf: [
      object({ const: count }),
      object({ linear: object({ base: count, encoded_size_mul_per_kib: count }) }),
    ],
  },
});

const estimate = {
  size: count,
  encodedSize: count,
  shardCount: count,
  epochs: count,
  startEpoch: count,
  endEpoch: count,
  endsAt: { type: ["string", "null"], format: "date-time" },
  storageCost: count,
  writeCost: count,
  cost: count,
};

const block = {
  blobId,
  reason: nullable("string"),
  by: nullable("string"),
  blockedAt: { type: "string", format: "date-time" },
  effectiveWithinMs: count,
};

const storedFile = object({
  identifier: text,
  quiltPatchId: text,
  range: { type: "array", items: count, minItems: 2, maxItems: 2 },
});

const attributes = { type: "object", additionalProperties: text };

const storedObject = {
  objectId,
  sharedObjectId: nullable("string"),
  blobId,
  owner: objectId,
  size: count,
  encodedSize: count,
  deletable: { type: "boolean" },
  startEpoch: count,
  endEpoch: count,
  attributes,
  storedAt: { type: "string", format: "date-time" },
};

const receipt = { txDigest: nullable("string"), cost: count, gas: { type: "integer" } };

const time = { type: ["string", "null"], format: "date-time" };
const progress = object({ done: count, total: count });

const upload = {
  uploadId: text,
  source: text,
  state: { enum: ["running", "certified", "failed"] },
  blobId: nullable("string"),
  objectId: nullable("string"),
  owner: nullable("string"),
  sharedObjectId: nullable("string"),
  attributes,
  deletable: { type: "boolean" },
  epochs: count,
  startEpoch: nullable("integer"),
  endEpoch: nullable("integer"),
  alreadyCertified: { type: "boolean" },
  certifiedEpoch: nullable("integer"),
  size: count,
  encodedSize: nullable("integer"),
  cost: nullable("integer"),
  gas: nullable("integer"),
  attempts: count,
  failure: {
    oneOf: [
      object({ reason: text, message: text, metadata: { type: "object" } }),
      { type: "null" },
    ],
  },
  stagedAt: time,
  finishedAt: time,
  steps: {
    type: "array",
    items: object({
      step: { enum: ["encode", "register", "fan-out", "certify", "record"] },
      status: { enum: ["pending", "doing", "done", "failed"] },
      startedAt: time,
      finishedAt: time,
    }),
  },
  passes: { oneOf: [object({ rows: progress, columns: progress }), { type: "null" }] },
  nodes: {
    oneOf: [
      object({ nodes: count, confirmed: count, failed: count, pending: count }),
      { type: "null" },
    ],
  },
  storedQuiltBlobs: { oneOf: [{ type: "array", items: storedFile }, { type: "null" }] },
};

/** By name, as `#/components/schemas/…`. */
export const SCHEMAS: Readonly<Record<string, object>> = {
  Error: object({
    error: object({
      status: text,
      code: count,
      message: text,
      details: {
        type: "array",
        items: object({
          "@type": text,
          reason: text,
          domain: text,
          metadata: { type: "object", additionalProperties: text },
        }),
      },
    }),
  }),
  BlobObject: object({
    id: objectId,
    registeredEpoch: count,
    blobId,
    size: count,
    encodingType: text,
    certifiedEpoch: count,
    storage: object({ id: objectId, startEpoch: count, endEpoch: count, storageSize: count }),
    deletable: { type: "boolean" },
  }),
  StoreResult: {
    oneOf: [
      object({
        newlyCreated: object(
          {
            blobObject: ref("BlobObject"),
            resourceOperation: {
              oneOf: [
                object({
                  registerFromScratch: object({ encodedLength: count, epochsAhead: count }),
                }),
                object({ reuseStorage: object({ encodedLength: count }) }),
              ],
            },
            cost: count,
            sharedBlobObject: objectId,
          },
          ["blobObject", "resourceOperation", "cost"],
        ),
      }),
      object({
        alreadyCertified: object({ blobId, event, object: objectId, endEpoch: count }, [
          "blobId",
          "endEpoch",
        ]),
      }),
      object({ markedInvalid: object({ blobId, event }) }),
      object({ dryRun: object({ blobId, deletable: { type: "boolean" }, ...estimate }) }),
    ],
  },
  QuiltResult: {
    oneOf: [
      object({
        blobStoreResult: ref("StoreResult"),
        storedQuiltBlobs: { type: "array", items: storedFile },
      }),
      object({ dryRun: object({ blobId, deletable: { type: "boolean" }, ...estimate }) }),
    ],
  },
  StoredObject: object(storedObject),
  ObjectPage: object({
    objects: { type: "array", items: ref("StoredObject") },
    next: nullable("string"),
  }),
  ObjectNow: object({
    ...storedObject,
    registeredEpoch: count,
    certifiedEpoch: nullable("integer"),
    version: text,
  }),
  AttributeChange: object({
    attributes: { type: "object", additionalProperties: nullable("string"), minProperties: 1 },
  }),
  ChangedObject: object({ ...storedObject, version: text, ...receipt }),
  DeletedObject: object({
    deleted: object({ objectId, blobId }),
    returnedStorage: {
      oneOf: [object({ id: objectId, endEpoch: count, storageSize: count }), { type: "null" }],
    },
    ...receipt,
  }),
  Extension: object({ epochs: { type: "integer", minimum: 1 } }),
  ExtendedObject: object({ ...storedObject, fromEndEpoch: count, version: text, ...receipt }),
  NameTarget: object({ blobId, objectId: { ...objectId, type: ["string", "null"] } }, ["blobId"]),
  Name: object(
    {
      name: text,
      ...nameVersion,
      url: text,
      anchor: object({ objectId, owner: objectId, attribute: text }),
    },
    ["name", ...Object.keys(nameVersion), "anchor"],
  ),
  NamePage: object({ names: { type: "array", items: ref("Name") }, next: nullable("string") }),
  NameVersions: object({
    name: text,
    versions: { type: "array", items: object(nameVersion) },
    next: nullable("integer"),
  }),
  Accepted: object({ uploadId: text, state: text, location: text }),
  Upload: object(
    upload,
    Object.keys(upload).filter((key) => key !== "storedQuiltBlobs"),
  ),
  PurgeRequest: { oneOf: [object({ blobId: text }), object({ all: { const: true } })] },
  Purged: object({ blobId: nullable("string"), generation: count, effectiveWithinMs: count }),
  Block: object(block, ["blobId", "reason", "by", "blockedAt"]),
  Blocklist: object({
    blocks: { type: "array", items: ref("Block") },
    next: nullable("string"),
  }),
  Orphans: object({
    orphans: { type: "array", items: ref("Orphan") },
    next: nullable("string"),
  }),
  Orphan: object({
    blobObjectId: { type: "string" },
    blobId,
    owner: { type: "string" },
    sub: nullable("string"),
    uploadId: { type: "string" },
    unencodedBytes: count,
    storageBytes: count,
    deletable: { type: "boolean" },
    registeredEpoch: count,
    storageObjectId: { type: "string" },
    startEpoch: count,
    endEpoch: count,
    costFrost: { type: "string" },
    txDigest: { type: "string" },
    recordedAtMs: count,
    state: { enum: ["open", "sunk", "expired"] },
  }),
  OrphanRemoved: object({ removed: { type: "string" }, txDigest: nullable("string") }),
  Unblocked: object({ blobId, wasBlocked: { type: "boolean" }, effectiveWithinMs: count }),
  EstimateRequest: object({ size: count, epochs: { type: "integer", minimum: 1 } }, ["size"]),
  Estimate: object(estimate),
  TipConfig: { oneOf: [{ const: "no_tip" }, object({ send_tip: tip })] },
  RelayCertificate: object({
    blob_id: { type: "array", items: count, minItems: 32, maxItems: 32 },
    confirmation_certificate: object({
      signers: { type: "array", items: count },
      serialized_message: { type: "array", items: count },
      signature: text,
    }),
  }),
};
