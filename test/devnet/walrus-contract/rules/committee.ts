/** Which node holds which shards (`staking/committee.move`). Pure: no argument is changed. */
import type { Committee, VecMap } from "../values.ts";
import { at, ensure } from "./abort.ts";
import { emptyMap, mapGet } from "./balance.ts";

/** Node id to number of shards, in any order. */
export type Assignment = readonly (readonly [nodeId: string, shardCount: number])[];

/** `committee.move::empty`. */
export function emptyCommittee(): Committee {
  return { pos0: emptyMap() };
}

/** Shards in order to the nodes sorted by id (`committee.move::initialize`). */
export function initializeCommittee(assignment: Assignment): Committee {
  let next = 0;
  const sorted = assignment.toSorted(([left], [right]) => byNodeId(left, right));
  const entries = sorted.map(([nodeId, count]): [string, number[]] => {
    const shards = Array.from({ length: count }, (_, index) => next + index);
    next += count;
    return [nodeId, shards];
  });
  return fromEntries(entries);
}

/** Moves as few shards as the new numbers allow (`committee.move::transition`). */
export function transitionCommittee(current: Committee, assignment: Assignment): Committee {
  const wanted = new Map(assignment);
  const kept: [string, number[]][] = [];
  const growing: (readonly [string, number])[] = [];
  const toMove: number[] = [];
  let currentCount = 0;
  for (const { key: nodeId, value: shards } of current.pos0.contents) {
    currentCount += shards.length;
    const count = wanted.get(nodeId) ?? 0;
    wanted.delete(nodeId);
    if (count === 0) toMove.push(...shards);
    else if (shards.length < count) growing.push([nodeId, count]);
    else {
      toMove.push(...shards.slice(count).reverse());
      kept.push([nodeId, shards.slice(0, count)]);
    }
  }
  const newCount = assignment.reduce((sum, [, count]) => sum + count, 0);
  const place = at("committee", "transition");
  ensure(newCount === currentCount, place, "EInvalidShardAssignment");
  for (const [nodeId, count] of [...wanted, ...growing]) {
    if (count === 0) continue;
    const shards = [...(mapGet(current.pos0, nodeId) ?? [])];
    while (shards.length < count) shards.push(toMove.pop() ?? Number.NaN);
    kept.push([nodeId, shards]);
  }
  return fromEntries(kept);
}

/** Node ids only in the first and only in the second committee (`committee.move::diff`). */
export function diffCommittees(
  first: Committee,
  second: Committee,
): readonly [readonly string[], readonly string[]] {
  const firstIds = nodeIdsOf(first);
  const secondIds = nodeIdsOf(second);
  return [
    firstIds.filter((id) => !secondIds.includes(id)),
    secondIds.filter((id) => !firstIds.includes(id)),
  ];
}

/** Node ids in committee order. */
export function nodeIdsOf(committee: Committee): readonly string[] {
  return committee.pos0.contents.map((entry) => entry.key);
}

/**
 * Gives `count` shards a new owner: the effect of many stake changes in one step. Not a function
 * of the contract. Nodes pass shards around in a ring, so weights stay (but for a last odd one);
 * the shards a node has held longest go first.
 */
export function rotateShards(committee: Committee, count: number): Committee {
  const nodes = committee.pos0.contents.map(({ key, value }) => ({
    nodeId: key,
    held: [...value],
    received: [] as number[],
  }));
  let left = nodes.length < 2 ? 0 : count;
  while (left > 0) {
    const givers = nodes.filter((node) => node.held.length > 0).slice(0, left);
    if (givers.length === 0) break;
    const ring =
      givers.length > 1 ? givers : nodes.toSorted((node) => (givers[0] === node ? -1 : 1));
    for (const [index, giver] of givers.entries()) {
      const shard = giver.held.shift();
      const taker = ring[(index + 1) % ring.length];
      if (shard !== undefined) taker?.received.push(shard);
    }
    left -= givers.length;
  }
  return fromEntries(nodes.map((node) => [node.nodeId, [...node.held, ...node.received]]));
}

function fromEntries(entries: readonly [string, number[]][]): Committee {
  const sorted = entries.toSorted(([left], [right]) => byNodeId(left, right));
  const pos0: VecMap<string, number[]> = {
    contents: sorted.map(([key, value]) => ({ key, value })),
  };
  return { pos0 };
}

/** Ids are hex text of one length: text order is the order of the numbers. */
function byNodeId(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
