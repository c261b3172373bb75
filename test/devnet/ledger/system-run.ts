/** System transactions: genesis, epoch changes, the faucet. No sender, no gas. */
import { createContext, type TransactionFacts } from "./context.ts";
import { buildOutcome, type Outcome } from "./effects.ts";
import type { MoveValue, SystemContext } from "./move.ts";
import type { Registry } from "./registry.ts";
import { Session } from "./session.ts";
import type { ObjectView } from "./store.ts";
import { coinTypeOf } from "./objects.ts";

/**
 * Runs `body` and returns what it leaves behind.
 *
 * @throws What `body` throws.
 */
export function runSystemBody(
  registry: Registry,
  view: ObjectView,
  facts: TransactionFacts,
  body: (context: SystemContext) => void,
): Outcome {
  const session = new Session({
    registry,
    view,
    txDigest: facts.txDigest,
    sender: facts.sender,
    isSystem: true,
  });
  body(systemContext(session, view, facts));
  return buildOutcome({
    request: { registry, facts, inputs: [], payment: [], congested: [] },
    changes: session.changes(),
    events: session.events,
    gas: {
      computationCost: 0n,
      storageCost: 0n,
      storageRebate: 0n,
      nonRefundableStorageFee: 0n,
    },
    failure: null,
  });
}

function systemContext(session: Session, view: ObjectView, facts: TransactionFacts): SystemContext {
  const load = (id: string, mutable: boolean): MoveValue => {
    const known = session.loaded(id);
    const object = known?.object ?? view.get(id);
    if (object === undefined || known?.consumed === true) {
      throw new RangeError(`Cannot load object ${id}: it does not exist`);
    }
    return session.load(object, mutable, false).value;
  };
  const context = createContext(session, facts, facts.sender);
  /** Genesis may choose ids itself: an id nobody has is a new one. */
  const adopt = (value: unknown): void => {
    const { id } = value as { readonly id: string };
    if (!session.isCreated(id) && !session.loaded(id) && !view.get(id)) session.reviveId(id);
  };
  return {
    ...context,
    share: (type, value) => {
      adopt(value);
      context.share(type, value);
    },
    transfer: (type, value, recipient) => {
      adopt(value);
      context.transfer(type, value, recipient);
    },
    freeze: (type, value) => {
      adopt(value);
      context.freeze(type, value);
    },
    mutateObject: (id) => load(id, true),
    readObject: (id) => load(id, false),
    deleteObject: (id) => {
      load(id, true);
      session.deleteId(id);
    },
    mintCoin: (coinType, amount, recipient) => {
      const id = session.freshId();
      const coin = { id, balance: { value: amount } };
      session.place(coinTypeOf(coinType), coin, { kind: "address", address: recipient });
      return id;
    },
  };
}
