/**
 * How a route is declared: its path, and for each method who may ask and what answers.
 *
 * Who may ask is part of the declaration, so that the API document and the tests of access are made
 * from the same table that is served.
 */
import type { IRequestStrict } from "itty-router";
import { declaredLength } from "../../shared/http/body.ts";
import { type Answer, refuse } from "./answer.ts";
import { authorizeScope, type Subject } from "./auth/authorize.ts";
import type { Scope } from "./auth/claims.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { AppContext } from "./context.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import { limitWrite } from "./quota/limit-write.ts";

export type AppRequest = Request & IRequestStrict;
export type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

/**
 * Who may ask: anybody, whoever may store (claims and query are checked together), whoever has
 * signed the body, or whoever holds a token of that scope.
 */
export type Access = "open" | "stored" | "signed" | Scope;

/** One method of a path. */
export interface Operation {
  readonly access: Access;
  readonly handle: (request: AppRequest, context: AppContext) => Answer | Promise<Answer>;
}

/** One path; `HEAD` goes with `GET`. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Operation>>>;
}

/** Anybody may ask. */
export function open(handle: Operation["handle"]): Operation {
  return { access: "open", handle };
}

/** The route itself asks `authorizeStore`, once it has read the query. */
export function stored(handle: Operation["handle"]): Operation {
  return { access: "stored", handle };
}

/** The route itself verifies the signature of the body. */
export function signed(handle: Operation["handle"]): Operation {
  return { access: "signed", handle };
}

/** Asks for a token of `scope`, tells the route whose it is, and counts what is not a read. */
export function scoped(
  scope: Scope,
  handle: (request: AppRequest, context: AppContext, subject: Subject) => Answer | Promise<Answer>,
): Operation {
  return {
    access: scope,
    async handle(request, context) {
      const subject = await authorizeScope(request, scope, context);
      if (!subject.ok) return refuse(request, tokenProblem(subject.failure));
      if (request.method !== "GET" && request.method !== "HEAD") {
        const bytes = declaredLength(request.headers) ?? 0;
        const allowance = await limitWrite(request, subject.value.sub, bytes, context);
        if (!allowance.ok) return refuse(request, failureToProblem(allowance.failure));
      }
      return handle(request, context, subject.value);
    },
  };
}

/** A parameter of the path; absent only if the route table is wrong. */
export function param(request: AppRequest, name: string): string {
  const value = request.params[name];
  if (value === undefined) throw new TypeError(`Cannot route: no path parameter ${name}`);
  return value;
}
