/** Refusals of attributes as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { GLOBAL_DOMAIN, type Problem } from "../../shared/http/problem.ts";
import type { AttributeFailure } from "./attributes.ts";

/** The problem to answer with. */
export function attributeProblem(failure: AttributeFailure): Problem {
  switch (failure.kind) {
    case "attribute-malformed":
      return problem(
        `the attribute ${JSON.stringify(failure.attribute)} must have ${failure.expected}`,
        {
          attribute: failure.attribute,
        },
      );
    case "attributes-too-many":
      return problem(
        `at most ${failure.countMax} attributes of ${failure.bytesMax} bytes together`,
        { limitAttributes: String(failure.countMax), limitBytes: String(failure.bytesMax) },
      );
    case "attributes-body-malformed":
      return problem('the body must be {"attributes": {"key": "value", "other": null}}', {
        parameter: "attributes",
      });
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
