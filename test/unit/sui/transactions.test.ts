/**
 * Every transaction we build is type-checked against the contract's public functions, so that none
 * leaves that could not be run.
 */
import { Transaction } from "@mysten/sui/transactions";
import { describe, expect, test } from "vitest";
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
import { SHARED_ID, SYSTEM_ID, typeCheck, WAL_TYPE } from "./type-check.ts";

const SENDER = `0x${"5e".repeat(32)}`;
const DIGEST = "11111111111111111111111111111111";

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
