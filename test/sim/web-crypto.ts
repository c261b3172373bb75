/**
 * Web Crypto that answers at once: Node's works in threads, whose order no seed decides. What the
 * simulated door uses of it (SHA-256, HMAC) is computed in the calling thread; import this first.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

interface HmacKey {
  readonly secret: Uint8Array;
}

const { subtle } = crypto;
const real = {
  digest: subtle.digest.bind(subtle),
  importKey: subtle.importKey.bind(subtle),
  verify: subtle.verify.bind(subtle),
};

const bytesOf = (data: BufferSource): Uint8Array =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);

const nameOf = (algorithm: string | { readonly name: string }): string =>
  typeof algorithm === "string" ? algorithm : algorithm.name;

Object.defineProperties(subtle, {
  digest: {
    value: async (algorithm: string | { name: string }, data: BufferSource) =>
      nameOf(algorithm) === "SHA-256"
        ? sha256(bytesOf(data)).slice().buffer
        : real.digest(algorithm, data),
  },
  importKey: {
    value: async (...args: Parameters<SubtleCrypto["importKey"]>) => {
      const [, secret, algorithm] = args as unknown as [string, BufferSource, { name: string }];
      if (algorithm.name !== "HMAC") return real.importKey(...args);
      const hmac = { name: "HMAC", hash: { name: "SHA-256" } };
      return { secret: bytesOf(secret), algorithm: hmac, usages: ["verify"], type: "secret" };
    },
  },
  verify: {
    value: async (...args: Parameters<SubtleCrypto["verify"]>) => {
      const [algorithm, key, signature, data] = args;
      const { secret } = key as unknown as Partial<HmacKey>;
      return secret === undefined
        ? real.verify(algorithm, key, signature, data)
        : timingSafeEqual(hmacSha256(secret, bytesOf(data)), bytesOf(signature));
    },
  },
});

export function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(bytes).digest());
}

function hmacSha256(secret: Uint8Array, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac("sha256", secret).update(bytes).digest());
}

/** A token of HS256, as an operator would sign it. */
export function signedToken(secret: Uint8Array, claims: object): string {
  const encoded = [{ alg: "HS256" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = hmacSha256(secret, Buffer.from(encoded));
  return `${encoded}.${Buffer.from(signature).toString("base64url")}`;
}
