/**
 * Every transaction we build is type-checked against the contract's public functions, so that none
 * leaves that could not be run.
 */
import { bcs } from "@mysten/bcs";
import { Transaction } from "@mysten/sui/transactions";
import { describe, expect, test } from "vitest";
import { fromBase64 } from "../../../shared/bytes/text.ts";
import {
  ATTRIBUTES_PER_BLOB_MAX,
  BATCH_BYTES_MAX,
  BATCH_COMMANDS_MAX,
  TRANSACTION_COMMANDS_MAX,
  TRANSACTION_INPUTS_MAX,
  WALLET_BATCH_MAX,
} from "../../../shared/limits.ts";
import {
  buildTransaction,
  type Certification,
  commandRanges,
  type Registration,
  transactionBytes,
  type TransactionStep,
  type TransactionTerms,
} from "../../../shared/sui/transactions.ts";
import { LOCAL_ADDRESSES } from "../../devnet/walrus-contract/operations.ts";
import { typeResolver, walrusPackages } from "../../devnet/walrus-contract/packages.ts";

const SYSTEM_ID = `0x${"51".repeat(32)}`;
const SENDER = `0x${"5e".repeat(32)}`;
const WAL_TYPE = `${LOCAL_ADDRESSES.wal}::wal::WAL`;
const WAL_COIN = `0x2::coin::Coin<${WAL_TYPE}>`;
const resolve = typeResolver(LOCAL_ADDRESSES);
const BLOB = resolve("walrus::blob::Blob");
const SYSTEM = resolve("walrus::system::System");
const SHARED_BLOB = resolve("walrus::shared_blob::SharedBlob");
const SHARED_ID = `0x${"5b".repeat(32)}`;
const DIGEST = "11111111111111111111111111111111";

const FUNCTIONS = new Map(
  walrusPackages().flatMap((pack) =>
    pack.functions.map((declared) => [
      `${pack.storageId}::${declared.module}::${declared.name}`,
      declared,
    ]),
  ),
);

/** `0x2::coin::destroy_zero<T>(c: Coin<T>)`: Sui's own, instantiated with WAL. */
const DESTROY_ZERO = { parameters: [WAL_COIN], returns: [] as readonly string[] };

const coin = (n: number) => ref(0xc0 + n);
const blob = (n: number) => ref(0xb0 + n);
function ref(byte: number) {
  return { objectId: `0x${byte.toString(16).repeat(32)}`, version: "7", digest: DIGEST };
}

const TERMS: TransactionTerms = {
  sender: SENDER,
  gasCoins: [ref(0x6a)],
  gasBudgetMist: 50_000_000n,
  gasPriceMist: 1_000n,
  expirationEpoch: 5,
  contract: {
    systemObjectId: SYSTEM_ID,
    systemInitialSharedVersion: "3",
    packageId: LOCAL_ADDRESSES.walrusLatest,
    originalPackageId: LOCAL_ADDRESSES.walrusOriginal,
    walType: WAL_TYPE,
  },
};

function registration(byte: number, storageFrost: bigint, writeFrost: bigint): Registration {
  return {
    storageFrost,
    writeFrost,
    blobId: new Uint8Array(32).fill(byte),
    rootHash: new Uint8Array(32).fill(byte + 1),
    unencodedBytes: 1_000,
    encodedBytes: 663_400,
    epochs: 3,
    deletable: true,
  };
}

const CERTIFICATE = {
  signature: new Uint8Array(96),
  signersBitmap: new Uint8Array(13),
  message: new Uint8Array(72),
};

function certification(
  n: number,
  sendObjectTo: string | null = null,
  certificate: Certification["certificate"] = CERTIFICATE,
): Certification {
  return { blob: blob(n), certificate, sendObjectTo };
}

const STEPS: Readonly<Record<string, TransactionStep>> = {
  register: { kind: "register", walCoins: [coin(1)], registrations: [registration(1, 15n, 1n)] },
  "register from several coins": {
    kind: "register",
    walCoins: [coin(1), coin(2), coin(3)],
    registrations: [registration(2, 15n, 0n)],
  },
  "register as many as go into one": {
    kind: "register",
    walCoins: [coin(1), coin(2)],
    registrations: Array.from({ length: WALLET_BATCH_MAX }, (_, n) => registration(n, 15n, 1n)),
  },
  certify: { kind: "certify", certifications: [certification(1)] },
  "certify and send": {
    kind: "certify",
    certifications: [certification(1, SENDER), certification(2), certification(3, SENDER, null)],
  },
  extend: {
    kind: "extend",
    walCoins: [coin(1), coin(2)],
    extensions: [1, 2, 3].map((n) => ({ blob: blob(n), epochs: n, costFrost: BigInt(n) })),
  },
  delete: { kind: "delete", blob: blob(1) },
  "register with attributes": {
    kind: "register",
    walCoins: [coin(1)],
    registrations: [
      {
        ...registration(1, 15n, 1n),
        attributes: [
          ["content-type", "image/png"],
          ["Ünï", ""],
        ],
      },
      registration(2, 15n, 1n),
    ],
  },
  "certify and share": {
    kind: "certify",
    certifications: [
      { ...certification(1), share: true },
      { ...certification(2, null, null), share: true },
      certification(3, SENDER),
    ],
  },
  "set attributes": {
    kind: "set-attributes",
    blob: blob(1),
    set: [["a", "1"]],
    remove: ["b", "c"],
  },
  "extend a shared blob": {
    kind: "extend-shared",
    walCoins: [coin(1), coin(2)],
    sharedBlob: { objectId: SHARED_ID, initialSharedVersion: "9" },
    epochs: 3,
    costFrost: 45n,
  },
};

type Data = ReturnType<Transaction["getData"]>;
type Argument = Extract<
  Data["commands"][number],
  { $kind: "MoveCall" }
>["MoveCall"]["arguments"][number];

/** Runs through the commands as the Move type checker does. Throws at the first flaw. */
function typeCheck(data: Data): void {
  const results: (readonly string[])[] = [];
  const moved = new Set<string>();
  for (const command of data.commands) results.push(check(data, command, results, moved));
  for (const [commandIndex, types] of results.entries()) {
    for (const [resultIndex, type] of types.entries()) {
      // Neither storage, blobs nor coins may be dropped; texts may.
      if (type.startsWith("0x1::option::Option<0x1::string::")) continue;
      if (!moved.has(`${commandIndex}.${resultIndex}`)) throw new TypeError(`${type} is left over`);
    }
  }
}

function check(
  data: Data,
  command: Data["commands"][number],
  results: readonly (readonly string[])[],
  moved: Set<string>,
): readonly string[] {
  switch (command.$kind) {
    case "SplitCoins": {
      const { coin: from, amounts } = command.SplitCoins;
      expectType(data, results, from, `&mut ${WAL_COIN}`);
      for (const amount of amounts) expectType(data, results, amount, "u64");
      return amounts.map(() => WAL_COIN);
    }
    case "MergeCoins":
      for (const one of [command.MergeCoins.destination, ...command.MergeCoins.sources]) {
        expectType(data, results, one, `&mut ${WAL_COIN}`);
      }
      return [];
    case "TransferObjects":
      for (const one of command.TransferObjects.objects) markMoved(one, moved);
      expectType(data, results, command.TransferObjects.address, "address");
      return [];
    case "MoveCall": {
      const { package: pack, module, function: name, typeArguments } = command.MoveCall;
      const target = `${pack}::${module}::${name}`;
      const isDestroy = /^0x0*2::coin::destroy_zero$/.test(target);
      expect(typeArguments).toEqual(isDestroy ? [WAL_TYPE] : []);
      const declared = isDestroy ? DESTROY_ZERO : FUNCTIONS.get(target);
      if (declared === undefined) throw new TypeError(`no public function ${target}`);
      const parameters = declared.parameters.filter((type) => !type.includes("TxContext"));
      expect(command.MoveCall.arguments).toHaveLength(parameters.length);
      for (const [index, argument] of command.MoveCall.arguments.entries()) {
        const type = parameters[index]!;
        expectType(data, results, argument, type);
        if (!type.startsWith("&")) markMoved(argument, moved);
      }
      return declared.returns;
    }
    case "MakeMoveVec":
    case "Publish":
    case "Upgrade":
    case "$Intent":
      throw new TypeError(`unexpected command ${command.$kind}`);
  }
}

function markMoved(argument: Argument, moved: Set<string>): void {
  const key =
    argument.$kind === "NestedResult"
      ? argument.NestedResult.join(".")
      : argument.$kind === "Result"
        ? `${argument.Result}.0`
        : argument.$kind === "Input"
          ? `input ${argument.Input}`
          : "gas";
  if (moved.has(key)) throw new TypeError(`${key} is moved twice`);
  moved.add(key);
}

function expectType(
  data: Data,
  results: readonly (readonly string[])[],
  argument: Argument,
  expected: string,
): void {
  const bare = expected.replace(/^&(mut )?/, "");
  if (argument.$kind === "NestedResult" || argument.$kind === "Result") {
    const [command, result] =
      argument.$kind === "Result" ? [argument.Result, 0] : argument.NestedResult;
    expect(results[command]?.[result]).toBe(bare);
    return;
  }
  if (argument.$kind !== "Input") throw new TypeError(`unexpected ${argument.$kind}`);
  const input = data.inputs[argument.Input]!;
  if (input.$kind === "Pure") return expectPure(fromBase64(input.Pure.bytes)!, bare);
  if (input.$kind !== "Object") throw new TypeError(`unexpected input ${input.$kind}`);
  const { Object: object } = input;
  if (object.$kind === "SharedObject") {
    const { objectId } = object.SharedObject;
    expect(objectId).toBe(bare === SHARED_BLOB ? SHARED_ID : SYSTEM_ID);
    expect([SYSTEM, SHARED_BLOB]).toContain(bare);
    // A `&mut` parameter needs the input to be mutable.
    if (expected.startsWith("&mut")) expect(object.SharedObject.mutable).toBe(true);
    return;
  }
  const { objectId } = object.ImmOrOwnedObject!;
  expect(objectId.startsWith("0xb") ? BLOB : WAL_COIN).toBe(bare);
}

const PURE_BYTES: Readonly<Record<string, number>> = {
  u8: 1,
  bool: 1,
  u32: 4,
  u64: 8,
  u256: 32,
  address: 32,
};

function expectPure(bytes: Uint8Array, type: string): void {
  if (type === "0x1::string::String") {
    const parsed = bcs.string().parse(bytes);
    expect(bcs.string().serialize(parsed).toBytes()).toEqual(bytes);
    return;
  }
  if (type === "vector<u8>") {
    const parsed = bcs.byteVector().parse(bytes);
    expect(bcs.byteVector().serialize(parsed).toBytes()).toEqual(bytes);
    return;
  }
  expect({ type, bytes: bytes.length }).toEqual({ type, bytes: PURE_BYTES[type] });
}

describe("each transaction", () => {
  test.each(Object.entries(STEPS))("%s type-checks against the contract", (_name, step) => {
    expect(() => typeCheck(buildTransaction(TERMS, step).getData())).not.toThrow();
  });

  test.each(Object.entries(STEPS))("%s is built offline, the same each time", async (_, step) => {
    const bytes = await transactionBytes(buildTransaction(TERMS, step));
    expect(await transactionBytes(buildTransaction(TERMS, step))).toEqual(bytes);
    const data = Transaction.from(bytes).getData();
    expect(data.sender).toBe(SENDER);
    expect(data.expiration).toMatchObject({ Epoch: 5 });
    expect(data.gasData).toMatchObject({ budget: "50000000", price: "1000" });
  });

  test("certify and delete take the system object immutably, as the contract declares", () => {
    for (const name of ["certify", "delete", "certify and share"]) {
      const { inputs } = buildTransaction(TERMS, STEPS[name]!).getData();
      const shared = inputs.filter(
        (input) => input.$kind === "Object" && input.Object.$kind === "SharedObject",
      );
      expect(shared).toHaveLength(1);
      expect(shared[0]?.Object?.SharedObject?.mutable).toBe(false);
    }
  });
});

function batchOf(kind: "register" | "certify", count: number): TransactionStep {
  const numbers = Array.from({ length: count }, (_, n) => n);
  if (kind === "register") {
    const registrations = numbers.map((n) => registration(n, 15n, 1n));
    return { kind, walCoins: [coin(1), coin(2)], registrations };
  }
  const certifications = numbers.map((n) => ({
    ...certification(1, SENDER),
    blob: { ...blob(1), objectId: `0xb${n.toString(16).padStart(63, "0")}` },
  }));
  return { kind, certifications };
}

describe("the commands of each blob", () => {
  test.each(["register", "register from several coins", "register as many as go into one"])(
    "of %s are its two calls and its two payments destroyed",
    (name) => {
      const step = STEPS[name]!;
      const { commands } = buildTransaction(TERMS, step).getData();
      for (const [first, end] of commandRanges(step)) {
        const calls = commands.slice(first, end).map((each) => each.MoveCall?.function);
        expect(calls).toEqual(["reserve_space", "register_blob", "destroy_zero", "destroy_zero"]);
      }
    },
  );

  test("of certifications are their calls and transfers", () => {
    const step = STEPS["certify and send"]!;
    const { commands } = buildTransaction(TERMS, step).getData();
    const kinds = commandRanges(step).map(([first, end]) =>
      commands.slice(first, end).map(({ $kind }) => $kind),
    );
    expect(kinds).toEqual([["MoveCall", "TransferObjects"], ["MoveCall"], ["TransferObjects"]]);
  });

  test("of registrations with attributes are one more for each, and sharing is one", () => {
    const functionsOf = (name: string) => {
      const step = STEPS[name]!;
      const { commands } = buildTransaction(TERMS, step).getData();
      return commandRanges(step).map(([first, end]) =>
        commands.slice(first, end).map((each) => each.MoveCall?.function ?? each.$kind),
      );
    };
    const pair = "insert_or_update_metadata_pair";
    expect(functionsOf("register with attributes")).toEqual([
      ["reserve_space", "register_blob", pair, pair, "destroy_zero", "destroy_zero"],
      ["reserve_space", "register_blob", "destroy_zero", "destroy_zero"],
    ]);
    expect(functionsOf("certify and share")).toEqual([
      ["certify_blob", "new"],
      ["new"],
      ["certify_blob", "TransferObjects"],
    ]);
  });
});

describe("limits", () => {
  function extending(count: number): TransactionStep {
    const extensions = Array.from({ length: count }, (_, n) => ({
      blob: { ...blob(1), objectId: `0xb${n.toString(16).padStart(63, "0")}` },
      epochs: 1,
      costFrost: 1n,
    }));
    return { kind: "extend", walCoins: [coin(1)], extensions };
  }

  test("200 blobs fit into one transaction, 201 are refused", async () => {
    const bytes = await transactionBytes(buildTransaction(TERMS, extending(200)));
    expect(bytes.length).toBeLessThan(128 * 1024);
    expect(() => buildTransaction(TERMS, extending(201))).toThrow(RangeError);
    expect(() => buildTransaction(TERMS, extending(0))).toThrow(RangeError);
  });

  test("the largest batch stays within our bounds, one more is refused", async () => {
    for (const name of ["register", "certify"] as const) {
      const batch = (count: number) => batchOf(name, count);
      const transaction = buildTransaction(TERMS, batch(WALLET_BATCH_MAX));
      expect(transaction.getData().commands.length).toBeLessThanOrEqual(BATCH_COMMANDS_MAX);
      expect((await transactionBytes(transaction)).length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
      expect(() => buildTransaction(TERMS, batch(WALLET_BATCH_MAX + 1))).toThrow(RangeError);
      expect(() => buildTransaction(TERMS, batch(0))).toThrow(RangeError);
    }
  });

  /** A transaction on the gas coin alone, in so many commands that split off so many amounts each. */
  function splitting(commandCount: number, amountCount: number): Transaction {
    const transaction = new Transaction();
    transaction.setSender(TERMS.sender);
    transaction.setGasPayment([coin(9)]);
    transaction.setGasBudget(1_000_000);
    transaction.setGasPrice(1_000);
    for (let command = 0; command < commandCount; command++) {
      const amounts = Array.from({ length: amountCount }, (_, amount) =>
        transaction.pure.u64(command * amountCount + amount),
      );
      transaction.splitCoins(transaction.gas, amounts);
    }
    return transaction;
  }

  test("Sui's bounds of commands and inputs hold, one more is refused", async () => {
    await transactionBytes(splitting(TRANSACTION_COMMANDS_MAX, 1));
    await expect(transactionBytes(splitting(TRANSACTION_COMMANDS_MAX + 1, 1))).rejects.toThrow(
      "at most 1024 commands, got 1025",
    );
    await transactionBytes(splitting(4, TRANSACTION_INPUTS_MAX / 4));
    await expect(transactionBytes(splitting(1, TRANSACTION_INPUTS_MAX + 1))).rejects.toThrow(
      "at most 2048 inputs, got 2049",
    );
  });

  test("as many attributes as one change holds, one more or none is refused", async () => {
    const change = (count: number): TransactionStep => {
      const set = Array.from({ length: count }, (_, n) => [`key ${n}`, "value"] as const);
      return { kind: "set-attributes", blob: blob(1), set, remove: [] };
    };
    await transactionBytes(buildTransaction(TERMS, change(ATTRIBUTES_PER_BLOB_MAX)));
    expect(() => buildTransaction(TERMS, change(ATTRIBUTES_PER_BLOB_MAX + 1))).toThrow(RangeError);
    expect(() => buildTransaction(TERMS, change(0))).toThrow(RangeError);
  });

  test("an ID that is not 32 bytes and a payment without coins are refused", () => {
    const register = STEPS["register"] as Extract<TransactionStep, { kind: "register" }>;
    const flawed = { ...registration(1, 1n, 1n), blobId: new Uint8Array(31) };
    const short = { ...register, registrations: [flawed] };
    expect(() => buildTransaction(TERMS, short)).toThrow("expected 32 bytes, got 31");
    expect(() => buildTransaction(TERMS, { ...register, walCoins: [] })).toThrow(RangeError);
  });
});
