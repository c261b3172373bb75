/** Quilt vectors: see README.md for their origin. `data` is [size, seed] of `countingBytes`, or text. */

export interface QuiltVector {
  readonly shardCount: number;
  readonly patches: readonly {
    readonly identifier: string;
    readonly data: readonly [number, number] | string;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly symbolBytes: number;
  readonly djb2: string;
  /** [identifier, start, end] in stored order. */
  readonly ranges: readonly (readonly [string, number, number])[];
  readonly sha256?: string;
  readonly blobId?: string;
  readonly indexHex?: string;
}

const AT_1000 = { shardCount: 1000, symbolBytes: 2 };

export const quiltVectors: readonly QuiltVector[] = [
  {
    ...AT_1000,
    patches: [{ identifier: "test-blob", data: [1000, 42] }],
    djb2: "73b40ec0",
    ranges: [["test-blob", 1, 3]],
    sha256: "2e440f4540a3f33f25bc29236d53af0ef2cdb10ef81e1e1f436ae0a8f5081c9f",
    blobId: "gTIhPB3ya80ZkDiX2HjKsdSTlnex773IvVEZPtO0gaI",
    indexHex: "010e00000001030009746573742d626c6f6200",
  },
  {
    ...AT_1000,
    patches: [
      { identifier: "blob-a", data: [500, 1] },
      { identifier: "blob-b", data: [1000, 2] },
      { identifier: "blob-c", data: [750, 3] },
    ],
    djb2: "a5388b02",
    ranges: [["blob-a", 1, 2], ["blob-b", 2, 4], ["blob-c", 4, 6]],
    sha256: "816255df0d97388a9060c759b89cae9c83a0cd459bac1d2775bd87834200fab2",
    blobId: "ZInwiUwE1d_n-d4g9KtJG7GqN_ydtfi8U8bF4tMCd5g",
    indexHex: "011f00000003020006626c6f622d6100040006626c6f622d6200060006626c6f622d6300",
  },
  {
    ...AT_1000,
    patches: [
      { identifier: "tagged-blob", data: [500, 0], tags: { author: "test", version: "1.0" } },
    ],
    djb2: "ebe0c7e7",
    ranges: [["tagged-blob", 1, 2]],
    sha256: "221e8f8fbf0a1157cdf2a987fb5a500aadeecb05d3c6435b005e864ae9c9b841",
    blobId: "vmBtVbAIq9NsyJKOWceMIB6CaFbzIgjQo8dtejd2MiI",
    indexHex:
      "01280000000102000b7461676765642d626c6f620206617574686f7204746573740776657273696f6e03312e30",
  },
  {
    ...AT_1000,
    patches: [{ identifier: "no-tags", data: [500, 0] }],
    djb2: "7e091d0b",
    ranges: [["no-tags", 1, 2]],
  },
  {
    ...AT_1000,
    patches: [
      { identifier: "blob-1", data: [500, 1] },
      { identifier: "blob-2", data: [500, 2] },
    ],
    djb2: "60f77634",
    ranges: [["blob-1", 1, 2], ["blob-2", 2, 3]],
  },
  {
    ...AT_1000,
    patches: [{ identifier: "empty", data: "" }],
    djb2: "37bd7d4a",
    ranges: [["empty", 1, 2]],
    sha256: "c7f8ade699bf0a53917e7f98d10f3c0c737bfd10ffafd399c443df2dc4cfd0f2",
    blobId: "mtqOHgFkXm4daRjh4528x3pcZstuf9UsAYG2VIQmES0",
    indexHex: "010a00000001020005656d70747900",
  },
  {
    ...AT_1000,
    patches: [{ identifier: "tiny", data: "\u0001\u0002\u0003" }],
    djb2: "3d6ed5d8",
    ranges: [["tiny", 1, 2]],
  },
  {
    ...AT_1000,
    patches: [
      { identifier: "z-last", data: [100, 0] },
      { identifier: "a-first", data: [100, 0] },
      { identifier: "m-middle", data: [100, 0] },
    ],
    djb2: "e18dbdb9",
    ranges: [["a-first", 1, 2], ["m-middle", 2, 3], ["z-last", 3, 4]],
  },
  {
    ...AT_1000,
    patches: [{ identifier: "test", data: [1000, 0] }],
    djb2: "b931e11f",
    ranges: [["test", 1, 3]],
  },
  {
    ...AT_1000,
    patches: [
      {
        identifier: "tagged-blob",
        data: [500, 0],
        tags: { author: "test-author", version: "2.0", category: "images" },
      },
    ],
    djb2: "5bd12362",
    ranges: [["tagged-blob", 1, 2]],
  },
  {
    ...AT_1000,
    patches: [{ identifier: "empty-blob", data: "" }],
    djb2: "900c255b",
    ranges: [["empty-blob", 1, 2]],
  },
  {
    ...AT_1000,
    patches: [{ identifier: "fallback-test", data: [1000, 42] }],
    djb2: "9ee04db6",
    ranges: [["fallback-test", 1, 3]],
  },
  {
    ...AT_1000,
    patches: [{ identifier: "test", data: [100, 1] }],
    djb2: "5e618ea5",
    ranges: [["test", 1, 2]],
  },
  {
    ...AT_1000,
    patches: [
      { identifier: "alpha", data: [100, 1] },
      { identifier: "beta", data: [200, 2] },
      { identifier: "gamma", data: [150, 3] },
    ],
    djb2: "c635a06f",
    ranges: [["alpha", 1, 2], ["beta", 2, 3], ["gamma", 3, 4]],
  },
  {
    // UTF-8 order; UTF-16 order would swap the two.
    ...AT_1000,
    patches: [
      { identifier: "\u{1F600}", data: [4, 0] },
      { identifier: "\uFF5E", data: [3, 0] },
    ],
    djb2: "0286b555",
    ranges: [["\uFF5E", 1, 2], ["\u{1F600}", 2, 3]],
    blobId: "ZAcqv9KFUtQhb_DccTsCmcFKnLzk3MBdyK3PJGWbZaU",
    indexHex: "011000000002020003efbd9e00030004f09f988000",
  },
  {
    shardCount: 7,
    symbolBytes: 6,
    patches: [
      { identifier: "a", data: "foo" },
      { identifier: "b", data: "walrus", tags: { type: "txt" } },
    ],
    djb2: "e741b252",
    ranges: [["a", 2, 3], ["b", 3, 5]],
    sha256: "34ed272175a91c5aa5c05a21ad23be9e5904cb34fff8b6e084d1e05b712b4f95",
    blobId: "P50dj0W-Eb82DNuAUk2RK72qZk3AoqF9FrOnj6-CrYk",
    indexHex: "01140000000203000161000500016201047479706503747874",
  },
  {
    shardCount: 10,
    symbolBytes: 4,
    patches: [
      { identifier: "a", data: "foo" },
      { identifier: "b", data: "walrus", tags: { type: "txt" } },
    ],
    djb2: "8537ad92",
    ranges: [["a", 2, 3], ["b", 3, 5]],
    sha256: "c2ce921abaf314994303b3e3aead09ba865a2f3fab0a3590a53d7c26505f36be",
    blobId: "51ickJvevms9NqJhrn54l_6BIQh6MVFEJEDir0r1ksg",
  },
  {
    // Tags by their serialised keys: shorter first.
    shardCount: 10,
    symbolBytes: 4,
    patches: [{ identifier: "t", data: "x", tags: { zz: "1", b: "2", aaa: "3" } }],
    djb2: "6c441923",
    ranges: [["t", 2, 4]],
    blobId: "AVd1p2NGsqQd0OaBD3jkwKG6gpYrCAKxmrGuKav216M",
    indexHex: "011500000001040001740301620132027a7a0131036161610133",
  },
];

/** [sizes, columns, rows, index columns, symbol bytes or failure kind]. */
export const symbolSizeVectors: readonly (readonly [
  readonly number[],
  number,
  number,
  number,
  number | string,
])[] = [
  [[2, 1, 2, 1], 3, 3, 1, "quilt-too-many-patches"],
  [[1000, 1, 1], 4, 7, 2, 72],
  [[], 3, 1, 1, "quilt-empty"],
  [[1], 3, 2, 1, 4],
  [[115, 80, 4], 17, 9, 3, 6],
  [[20, 20, 20], 3, 5, 2, 4],
  [[5, 5, 5], 5, 1, 1, 6],
  [[25, 35, 45], 200, 1, 3, 10],
  [[10, 0, 0, 0], 17, 9, 2, 2],
  [
    [
      416, 253, 258, 384, 492, 303, 276, 464, 143, 251, 388, 263, 515, 433, 505, 385, 346, 69, 48,
      495, 329, 450, 494, 104, 539, 245, 109, 317, 60,
    ],
    34,
    16,
    3,
    32,
  ],
  [[100], 667, 334, 10, 2],
  [[1000000], 667, 334, 10, 300],
  [[1000, 1000, 1000, 1000, 1000], 667, 334, 10, 2],
  [[100, 5000, 200, 10000, 500], 667, 334, 10, 2],
  [[1024, 2048, 4096, 8192], 667, 334, 10, 2],
  [Array.from({ length: 667 }, () => 10), 667, 334, 10, 2],
  [[3340, 6680, 10020], 667, 334, 10, 2],
  [[], 667, 334, 10, "quilt-empty"],
  [Array.from({ length: 668 }, () => 10), 667, 334, 10, "quilt-too-many-patches"],
  [
    [
      1822, 2223620, 12027, 2453254, 10342, 3134443, 12059, 3946664, 12765, 3043298, 12087, 3133711,
      13003, 3383061, 12093, 3155563, 10893,
    ],
    667,
    334,
    10,
    112,
  ],
];

/** [text, quilt ID, start, end]. */
export const patchIdVectors: readonly (readonly [string, string, number, number])[] = [
  ["6XUOE-Q5-nAXHRifN6n9nomVDtHZQbGuAkW3PjlBuKoBAQDQAA", "6XUOE-Q5-nAXHRifN6n9nomVDtHZQbGuAkW3PjlBuKo", 1, 208],
  ["6XUOE-Q5-nAXHRifN6n9nomVDtHZQbGuAkW3PjlBuKoB0AB7Ag", "6XUOE-Q5-nAXHRifN6n9nomVDtHZQbGuAkW3PjlBuKo", 208, 635],
  ["uIiEbhP2qgZYygEGxJX1GeB-rQATo2yufC2DCp7B4iABAQANAA", "uIiEbhP2qgZYygEGxJX1GeB-rQATo2yufC2DCp7B4iA", 1, 13],
  ["uIiEbhP2qgZYygEGxJX1GeB-rQATo2yufC2DCp7B4iABDQBnAA", "uIiEbhP2qgZYygEGxJX1GeB-rQATo2yufC2DCp7B4iA", 13, 103],
  ["gTIhPB3ya80ZkDiX2HjKsdSTlnex773IvVEZPtO0gaIBAQADAA", "gTIhPB3ya80ZkDiX2HjKsdSTlnex773IvVEZPtO0gaI", 1, 3],
];
