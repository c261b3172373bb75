/** How much of the committee can be reached from here: every node is asked for its health. */
import type { NodeClient } from "../../shared/nodes/client.ts";
import type { Committee, CommitteeMember } from "../../shared/protocol/committee.ts";
import { isQuorum } from "../../shared/protocol/quorum.ts";
import { type Check, fail, pass, warn } from "./check.ts";

const HEALTH_TIMEOUT_MS = 8_000;
/** Nodes named in the report. */
const NAMED_MAX = 5;

/** Reachable weight against what a store and a read need. */
export async function checkNodes(
  client: Pick<NodeClient, "getHealth">,
  committee: Committee,
): Promise<Check> {
  const answers = await Promise.all(
    committee.members.map(async (member) => ({ member, isUp: await isUp(client, member) })),
  );
  const down = answers.filter(({ isUp: up }) => !up).map(({ member }) => member);
  const lost = down.reduce((sum, { shardIndices }) => sum + shardIndices.length, 0);
  const weight = committee.shardCount - lost;
  const named = down.slice(0, NAMED_MAX).map(({ name, baseUrl }) => `${name} ${baseUrl}`);
  const rest = down.length > NAMED_MAX ? `, and ${down.length - NAMED_MAX} more` : "";
  const missing = down.length === 0 ? "" : `; silent: ${named.join(", ")}${rest}`;
  const detail = `${weight} of ${committee.shardCount} shards answer${missing}`;
  if (!isQuorum(weight, committee.shardCount)) {
    const advice = "below 2f + 1 nothing can be stored; nodes may refuse this machine's network";
    return fail("nodes", detail, advice);
  }
  return down.length === 0
    ? pass("nodes", detail)
    : warn("nodes", detail, "stores and reads work; each lost node makes some slower");
}

async function isUp(
  client: Pick<NodeClient, "getHealth">,
  member: CommitteeMember,
): Promise<boolean> {
  const health = await client.getHealth(member, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
  return health.ok;
}
