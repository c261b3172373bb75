/** Refusals of attributes as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { flawedBody } from "../../shared/http/json-body.ts";
import { echoed, GLOBAL_DOMAIN, type Problem } from "../../shared/http/problem.ts";
import type { AttributeFailure } from "./attributes.ts";

/** The problem to answer with. */
export function attributeProblem(failure: AttributeFailure): Problem {
  switch (failure.kind) {
    case "attribute-malformed":
      return problem(
        `the attribute ${JSON.stringify(echoed(failure.attribute))} must have ${failure.expected}`,
        {
          attribute: echoed(failure.attribute),
        },
      );
    case "attributes-too-many":
      return problem(
        `at most ${failure.countMax} attributes of ${failure.bytesMax} bytes together`,
        { limitAttributes: String(failure.countMax), limitBytes: String(failure.bytesMax) },
      );
    case "attributes-body-malformed":
      return {
        ...flawedBody(failure.flaw, '{"attributes": {"key": "value", "other": null}}'),
        reason: "INVALID_ATTRIBUTE",
      };
  }
}

function problem(message: string, metadata: Readonly<Record<string, string>>): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: "INVALID_ATTRIBUTE",
    domain: GLOBAL_DOMAIN,
    message,
    metadata,
  };
}
