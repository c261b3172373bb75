/** A wallet for uploads without a chain. */
import { ok } from "../../../shared/result.ts";
import type {
  WalletCommand,
  WalletDone,
  WalletReply,
} from "../../../workers/publisher/wallet/commands.ts";

/** A wallet that pays once for each name, and may fail before or after it has paid. */
export class StubWallet {
  readonly paid = new Map<string, WalletDone>();
  readonly asked: string[] = [];
  /** What happens at the next questions: an answer of its own, or a crash after paying. */
  readonly script: (((done: WalletDone) => WalletReply) | "crash-after-paying" | null)[] = [];

  run(command: WalletCommand): Promise<WalletReply> {
    this.asked.push(command.id);
    const next = this.script.shift() ?? null;
    const done = this.paid.get(command.id) ?? this.#done(command);
    if (typeof next === "function") return Promise.resolve(next(done));
    this.paid.set(command.id, done);
    if (next === "crash-after-paying") return Promise.reject(new Error("connection lost"));
    return Promise.resolve(ok(done));
  }

  #done(command: WalletCommand): WalletDone {
    const receipt = { txDigest: `tx ${command.id}`, costFrost: 42n, gasMist: 7n };
    if (command.kind === "certify") {
      const owner = command.sendObjectTo ?? "0xwallet";
      return { kind: "certified", ...receipt, blobObjectId: command.blobObjectId, owner };
    }
    if (command.kind !== "register") throw new Error(`unexpected ${command.kind}`);
    const objectId = `0x${"0b".repeat(32)}`;
    return {
      kind: "registered",
      ...receipt,
      encodedBytes: command.encodedBytes,
      epochs: command.epochs,
      blob: {
        objectId,
        blobObjectId: objectId,
        blobId: command.blobId,
        registeredEpoch: 5,
        certifiedEpoch: null,
        unencodedBytes: command.unencodedBytes,
        encodingType: 1,
        deletable: command.deletable,
        storage: {
          objectId: "0xc",
          startEpoch: 5,
          endEpoch: 7,
          storageBytes: command.encodedBytes,
        },
        sharedFundsFrost: null,
      },
    };
  }
}
