/**
 * Whether a command is well-formed, and its fingerprint. Pure.
 */
import { toBase64 } from "../../../shared/bytes/text.ts";
import {
  ATTRIBUTES_PER_BLOB_MAX,
  EXTENSIONS_PER_TRANSACTION_MAX,
  WALLET_COMMAND_ID_CHARS_MAX,
} from "../../../shared/limits.ts";
import type { BlobExtension, WalletCommand } from "./commands.ts";

const OBJECT_ID = /^0x[0-9a-f]{64}$/;

/** What is wrong with a command; `null` when nothing is. */
export function commandFlaw(command: WalletCommand): string | null {
  const { id } = command;
  if (id.length === 0 || id.length > WALLET_COMMAND_ID_CHARS_MAX) {
    return `id must have 1 to ${WALLET_COMMAND_ID_CHARS_MAX} characters`;
  }
  switch (command.kind) {
    case "register":
      if (command.blobId.length !== 32) return "blobId must be 32 bytes";
      if (command.rootHash.length !== 32) return "rootHash must be 32 bytes";
      if (!isCount(command.unencodedBytes)) return "unencodedBytes must be a count";
      if (!isCount(command.encodedBytes) || command.encodedBytes === 0) {
        return "encodedBytes must be a positive count";
      }
      if (!isCount(command.epochs) || command.epochs === 0) return "epochs must be 1 or more";
      return (command.attributes?.length ?? 0) > ATTRIBUTES_PER_BLOB_MAX + 1
        ? `attributes must be at most ${ATTRIBUTES_PER_BLOB_MAX} and a quilt's mark`
        : null;
    case "certify":
      if (command.signature.length !== 96) return "signature must be 96 bytes";
      if (command.sendObjectTo !== undefined && !OBJECT_ID.test(command.sendObjectTo)) {
        return "sendObjectTo must be an address";
      }
      if (command.share === true && command.sendObjectTo !== undefined) {
        return "share excludes sendObjectTo";
      }
      return objectIdFlaw(command.blobObjectId);
    case "extend":
      if (
        command.extensions.length === 0 ||
        command.extensions.length > EXTENSIONS_PER_TRANSACTION_MAX
      ) {
        return `extensions must name 1 to ${EXTENSIONS_PER_TRANSACTION_MAX} blobs`;
      }
      for (const extension of command.extensions) {
        const flaw = extensionFlaw(extension);
        if (flaw !== null) return flaw;
      }
      return null;
    case "extend-shared":
      return isCount(command.byEpochs) && command.byEpochs > 0
        ? objectIdFlaw(command.sharedObjectId)
        : "byEpochs must be 1 or more";
    case "set-attributes": {
      const count = command.set.length + command.remove.length;
      return count >= 1 && count <= ATTRIBUTES_PER_BLOB_MAX
        ? objectIdFlaw(command.blobObjectId)
        : `a change is one of 1 to ${ATTRIBUTES_PER_BLOB_MAX} attributes`;
    }
    case "delete":
      return objectIdFlaw(command.blobObjectId);
    case "refill":
      return null;
  }
}

/** The command's content as one text: equal texts are the same command. */
export function fingerprintOf(command: WalletCommand): string {
  return JSON.stringify(sortedFields(command), (_key, value: unknown) =>
    value instanceof Uint8Array ? toBase64(value) : value,
  );
}

function sortedFields(command: WalletCommand): [string, unknown][] {
  return Object.entries(command)
    .filter(([name, value]) => name !== "id" && value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function extensionFlaw(extension: BlobExtension): string | null {
  const isKnown =
    "toEndEpoch" in extension
      ? isCount(extension.toEndEpoch)
      : isCount(extension.byEpochs) && extension.byEpochs > 0;
  return isKnown ? objectIdFlaw(extension.blobObjectId) : "an extension must say its epochs";
}

function objectIdFlaw(objectId: string): string | null {
  return OBJECT_ID.test(objectId) ? null : "blobObjectId must be 0x and 64 lowercase hex digits";
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
