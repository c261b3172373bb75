/**
 * How a route is declared: its path, and for each method who may ask and what answers.
 *
 * Who may ask is part of the declaration, so that the API document and the tests of access are made
 * from the same table that is served.
 */
import type { IRequestStrict } from "itty-router";
import { type Answer, refuse } from "./answer.ts";
import { authorizeScope, type Subject } from "./auth/authorize.ts";
import type { Scope } from "./auth/claims.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { AppContext } from "./context.ts";

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

/** Asks for a token of `scope`, and tells the route whose it is. */
export function scoped(
  scope: Scope,
  handle: (request: AppRequest, context: AppContext, subject: Subject) => Answer | Promise<Answer>,
): Operation {
  return {
    access: scope,
    async handle(request, context) {
      const subject = await authorizeScope(request, scope, context);
      return subject.ok
        ? handle(request, context, subject.value)
        : refuse(request, tokenProblem(subject.failure));
    },
  };
}

/** A parameter of the path; absent only if the route table is wrong. */
export function param(request: AppRequest, name: string): string {
  const value = request.params[name];
  if (value === undefined) throw new TypeError(`Cannot route: no path parameter ${name}`);
  return value;
}
