/**
 * The codec of this Worker: the built kernel as an imported module, because workerd refuses to
 * compile WebAssembly at run time.
 */
import kernel from "../../shared/codec/kernel/build/kernel.wasm";
import {
  type Codec,
  createCodec,
  createExternalCodec,
  type ExternalCodec,
} from "../../shared/codec/index.ts";

let codec: Codec | undefined;
let externalCodec: ExternalCodec | undefined;

/** One codec for each isolate, made when it is first needed. */
export function publisherCodec(): Codec {
  codec ??= createCodec(kernel);
  return codec;
}

/** The same for blobs larger than memory. */
export function publisherExternalCodec(): ExternalCodec {
  externalCodec ??= createExternalCodec(kernel);
  return externalCodec;
}
