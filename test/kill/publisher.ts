/**
 * The publisher with objects that can be killed, for `test/e2e/kill*.test.ts`: the product's own code
 * over wrapped ports. Nothing of this is part of a deployment.
 */
import publisher from "../../workers/publisher/index.ts";
import type { PublisherEnv } from "../../workers/publisher/env.ts";
import { Desk as RealDesk } from "../../workers/publisher/desk/object.ts";
import { Token as RealToken } from "../../workers/publisher/auth/object.ts";
import { LeaseBook as RealLeaseBook } from "../../workers/publisher/lease-book/object.ts";
import { LEASE_BOOK_NAME } from "../../workers/publisher/lease-book/leases.ts";
import { Names as RealNames } from "../../workers/publisher/names/object.ts";
import { Upload as RealUpload } from "../../workers/publisher/upload/object.ts";
import { Wallet as RealWallet, type WalletEnv } from "../../workers/publisher/wallet/object.ts";
import {
  arm,
  disturb,
  inside,
  type KillPlan,
  report,
  wrapBindings,
  wrapFetch,
} from "./boundaries.ts";

export * from "../../workers/publisher/index.ts";

globalThis.fetch = wrapFetch(globalThis.fetch.bind(globalThis));

type Life = ReturnType<typeof disturb>;

export class Upload extends RealUpload {
  readonly #life: Life;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    const life = disturb("upload", ctx);
    super(ctx, wrapBindings(env, life));
    this.#life = life;
  }

  override store(...args: Parameters<RealUpload["store"]>): ReturnType<RealUpload["store"]> {
    return inside(this.#life, () => super.store(...args));
  }

  override resume(): ReturnType<RealUpload["resume"]> {
    return inside(this.#life, () => super.resume());
  }

  override alarm(): Promise<void> {
    return inside(this.#life, () => super.alarm());
  }
}

export class Wallet extends RealWallet {
  readonly #life: Life;

  constructor(ctx: DurableObjectState, env: WalletEnv) {
    const life = disturb("wallet", ctx);
    super(ctx, wrapBindings(env, life));
    this.#life = life;
  }

  override run(...args: Parameters<RealWallet["run"]>): ReturnType<RealWallet["run"]> {
    return inside(this.#life, () => super.run(...args));
  }

  override offer(...args: Parameters<RealWallet["offer"]>): ReturnType<RealWallet["offer"]> {
    return inside(this.#life, () => super.offer(...args));
  }

  override alarm(): Promise<void> {
    return inside(this.#life, () => super.alarm());
  }
}

export class Desk extends RealDesk {
  readonly #life: Life;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    const life = disturb("desk", ctx);
    super(ctx, wrapBindings(env, life));
    this.#life = life;
  }

  override relay(...args: Parameters<RealDesk["relay"]>): ReturnType<RealDesk["relay"]> {
    return inside(this.#life, () => super.relay(...args));
  }
}

export class LeaseBook extends RealLeaseBook {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    disturb("book", ctx);
    super(ctx, env);
  }
}

/** Keeps changes that may be asked for again. */
export class Token extends RealToken {
  constructor(ctx: DurableObjectState, env: unknown) {
    disturb("token", ctx);
    super(ctx, env);
  }
}

export class Names extends RealNames {
  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, wrapBindings(env, disturb("names", ctx)));
  }
}

/** Routes of the test beside those of the product. */
export default {
  async fetch(request: Request, env: PublisherEnv): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/test/arm":
        arm(await request.json<KillPlan>());
        return new Response(null, { status: 204 });
      case "/test/report":
        return Response.json(report());
      case "/test/resume": {
        // What the alarm does some seconds later.
        const upload = env.UPLOADS.getByName(searchParams.get("upload") ?? "");
        return Response.json(await upload.resume());
      }
      case "/test/leases":
        return Response.json(
          await env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME).ending(Number.MAX_SAFE_INTEGER),
        );
      default:
        return publisher.fetch(request, env);
    }
  },
};
