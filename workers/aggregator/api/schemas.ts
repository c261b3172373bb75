/** The shapes of answers and bodies in the aggregator's OpenAPI document. Data only. */

const text = { type: "string" } as const;
const whole = { type: "integer", minimum: 0 } as const;
const perhaps = (type: string) => ({ type: [type, "null"] }) as const;
const list = (items: object) => ({ type: "array", items }) as const;

function shape(properties: Readonly<Record<string, object>>): object {
  return { type: "object", properties, required: Object.keys(properties) };
}

const range = { oneOf: [shape({ start: whole, end: whole }), { type: "null" }] };
const path = list(perhaps("string"));

/** By name, as `#/components/schemas/…`. */
export const SCHEMAS: Readonly<Record<string, object>> = {
  Error: shape({
    error: shape({
      status: text,
      code: whole,
      message: text,
      details: list(
        shape({ "@type": text, reason: text, domain: text, metadata: { type: "object" } }),
      ),
    }),
  }),
  ConcatRequest: {
    type: "object",
    properties: {
      ids: list(text),
      strict_consistency_check: perhaps("boolean"),
      skip_consistency_check: perhaps("boolean"),
    },
    required: ["ids"],
    additionalProperties: false,
  },
  Patches: list(shape({ identifier: text, patch_id: text, tags: { type: "object" } })),
  Status: shape({
    blobId: text,
    unencodedBytes: whole,
    shardCount: whole,
    epoch: whole,
    standing: shape({
      certified: perhaps("boolean"),
      endEpoch: perhaps("integer"),
      endDate: perhaps("string"),
      source: perhaps("string"),
      reason: perhaps("string"),
    }),
    persistence: { enum: ["permanent", "deletable", null] },
    nodes: list({ type: "object" }),
    askedAt: { type: "string", format: "date-time" },
  }),
  Proof: shape({
    blobId: text,
    encodingType: whole,
    unencodedBytes: whole,
    shardCount: whole,
    symbolBytes: whole,
    rootHash: text,
    range,
    rows: list(
      shape({
        sliverIndex: whole,
        primaryHash: text,
        secondaryHash: text,
        pairPath: path,
        symbols: list(shape({ index: whole, data: text, path })),
      }),
    ),
    certification: shape({
      transaction: perhaps("string"),
      source: perhaps("string"),
      reason: perhaps("string"),
    }),
  }),
};
