/** A gRPC call that ends with a status other than OK. */
import { GrpcStatusCode } from "@mysten/sui/grpc";

export class RpcFailure extends Error {
  readonly code: GrpcStatusCode;

  constructor(code: GrpcStatusCode, message: string) {
    super(message);
    this.name = "RpcFailure";
    this.code = code;
  }
}

/** Thrown to close the connection without an answer (the `lose-reply` fault). */
export class LostReply extends Error {
  constructor() {
    super("The reply is dropped on purpose");
    this.name = "LostReply";
  }
}

export function notFound(message: string): RpcFailure {
  return new RpcFailure(GrpcStatusCode.NOT_FOUND, message);
}

export function invalidArgument(message: string): RpcFailure {
  return new RpcFailure(GrpcStatusCode.INVALID_ARGUMENT, message);
}
