/**
 * What clients do at HTTP's door in the tests of this folder, and what they report: nothing of it may
 * depend on chance, so that two runs of one script can be compared.
 */
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { seededBytes } from "../support/contents.ts";
import type { Told } from "./door.ts";
import { BOOK } from "./gateway.ts";
import { RELAY_VARS, storeThroughRelay } from "./relay-client.ts";
import type { Client, Script, VisitSetting } from "./visit.ts";

const BLOB = seededBytes(700, 1);
const BOUNDARY = "walrus-edge";
const HOUR_MS = 3_600_000;
/** What is changed lasts longer than two troubles can move the epoch. */
const EPOCHS = 3;
const LASTING = `epochs=${EPOCHS}&deletable=true`;
/** Of blobs that are due for renewal, however often two troubles move the epoch. */
const RENEWED_EPOCHS = 4;
const FROM_BEGIN = { troubledFromBegin: true };

/** A script, and what is special about the gateway it comes to. */
export interface Play {
  readonly script: Script<unknown>;
  readonly setting?: Partial<VisitSetting>;
}

/** Every script by what it does. */
export const PLAYS: Readonly<Record<string, Play>> = {
  "a blob is stored": { script: async (client) => (await store(client)).status },
  "a quilt is stored": { script: quilt },
  "a blob and a quilt are measured": { script: measure },
  "a blob goes through the relay": {
    script: (client) => storeThroughRelay(client, BLOB),
    setting: { vars: RELAY_VARS },
  },
  "a blob is changed, extended and deleted": { script: change },
  "a blob is named, named anew and its name taken away": { script: name },
  "a shared blob is stored and extended": { script: share },
  "an expired blob is burned": { script: burn, setting: FROM_BEGIN },
  "the registration of a failed store is deleted": {
    script: (client) => orphan(client, 0),
    setting: FROM_BEGIN,
  },
  "the expired registration of a failed store is burned": {
    script: (client) => orphan(client, EPOCHS),
    setting: FROM_BEGIN,
  },
  "leases are renewed": { script: renewed, setting: FROM_BEGIN },
  "the hourly sweep deletes the registration of a failed store": {
    script: sweptOrphan,
    setting: { ...FROM_BEGIN, vars: { ORPHAN_SWEEP_AFTER_SECONDS: "0" } },
  },
  "a failed store comes again under its key": { script: comeAgain },
  "the same content is stored once more": { script: storeOnceMore, setting: FROM_BEGIN },
};

/** Stores a deletable blob. */
async function store(
  { ask }: Client,
  query = "epochs=2&deletable=true",
  body: Uint8Array<ArrayBuffer> = BLOB,
) {
  const told = await ask({ method: "PUT", path: `/v1/blobs?${query}`, body });
  const { newlyCreated } = JSON.parse(told.text) as {
    newlyCreated?: { blobObject: { id: string; blobId: string }; sharedBlobObject?: string };
  };
  return { status: told.status, ...newlyCreated?.blobObject };
}

function form(): Uint8Array<ArrayBuffer> {
  const part = (field: string, text: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${field}"\r\n\r\n${text}\r\n`;
  const parts = [part("a.txt", "a".repeat(40)), part("b.txt", "b".repeat(90))];
  return Uint8Array.from(utf8Bytes(`${parts.join("")}--${BOUNDARY}--\r\n`));
}

const FORM_HEADERS = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };

async function quilt({ ask }: Client) {
  const path = "/v1/quilts?epochs=2&deletable=true";
  const told = await ask({ method: "PUT", path, headers: FORM_HEADERS, body: form() });
  const { storedQuiltBlobs } = JSON.parse(told.text) as { storedQuiltBlobs?: unknown };
  return { status: told.status, storedQuiltBlobs };
}

async function measure({ ask }: Client) {
  const blob = await ask({ method: "PUT", path: "/v1/blobs?dry_run=true", body: BLOB });
  const path = "/v1/quilts?dry_run=true";
  const laid = await ask({ method: "PUT", path, headers: FORM_HEADERS, body: form() });
  return [blob.text, laid.text];
}

/** A change, and what of its answer does not depend on chance. */
async function changed(
  { ask }: Client,
  method: string,
  path: string,
  body?: object,
): Promise<object> {
  const bytes = body === undefined ? undefined : Uint8Array.from(utf8Bytes(JSON.stringify(body)));
  const told = await ask({ method, path, ...(bytes === undefined ? {} : { body: bytes }) });
  return { status: told.status, ...withoutChance(told) };
}

function withoutChance({ text }: Told): object {
  const { attributes, endEpoch, cost, error } = JSON.parse(text) as Record<string, unknown>;
  return { attributes, endEpoch, cost, error };
}

async function change(client: Client) {
  const { status, id = "" } = await store(client, LASTING);
  const path = `/edge/v1/objects/${id}`;
  client.begin();
  return [
    status,
    await changed(client, "PATCH", path, { attributes: { colour: "red" } }),
    await changed(client, "PATCH", path, { attributes: { colour: null, size: "1" } }),
    await changed(client, "POST", `${path}/extend`, { epochs: 1 }),
    await changed(client, "DELETE", path),
  ];
}

async function name(client: Client) {
  const { blobId = "", id: objectId = "" } = await store(client, LASTING);
  const path = "/edge/v1/names/readme";
  client.begin();
  return [
    await changed(client, "PUT", path, { blobId, objectId }),
    await changed(client, "PUT", path, { blobId }),
    await changed(client, "DELETE", path),
  ];
}

async function share(client: Client) {
  client.begin();
  const { status } = await store(client, `epochs=${EPOCHS}&share=true`);
  const [lease] = client.world.gateway.peek(BOOK, (book) => book.rows());
  const path = `/edge/v1/objects/${lease?.sharedObjectId ?? ""}`;
  return [
    status,
    await changed(client, "POST", `${path}/extend`, { epochs: 1 }),
    // Nobody can take it out of its SharedBlob.
    (await client.ask({ method: "DELETE", path })).status,
  ];
}

async function burn(client: Client) {
  const { id = "" } = await store(client, "epochs=1&deletable=true");
  client.world.network.changeEpoch();
  await client.sleep(2 * 60_000);
  client.begin();
  return changed(client, "DELETE", `/edge/v1/objects/${id}`);
}

/** A store whose nodes are all away; its registration is left behind. */
async function storeInVain({ world, ask, sleep }: Client): Promise<number> {
  world.network.areNodesAway = true;
  const path = `/v1/blobs?${LASTING}`;
  const failed = await ask({ method: "PUT", path, body: BLOB }, ({ status }) => status === 504);
  world.network.areNodesAway = false;
  await sleep(2 * 60_000);
  return failed.status;
}

/** A failure that is final frees the key, and what was paid is used. */
async function comeAgain({ world, ask }: Client): Promise<number> {
  world.network.areNodesAway = true;
  const path = "/v1/blobs?epochs=4&deletable=true";
  const told = await ask({ method: "PUT", path, body: BLOB }, ({ status }) => {
    if (status === 504) world.network.areNodesAway = false;
    return status < 500;
  });
  return told.status;
}

/** Deletable blobs are each paid for, whatever their content. */
async function storeOnceMore(client: Client) {
  const first = await store(client, LASTING);
  client.begin();
  const second = await store(client, LASTING);
  return [first.status, second.status, first.id === second.id];
}

async function orphansOf({ ask }: Client): Promise<readonly { readonly blobObjectId: string }[]> {
  const listed = await ask({ method: "GET", path: "/edge/v1/orphans" });
  return (JSON.parse(listed.text) as { orphans: { blobObjectId: string }[] }).orphans;
}

/** What a failed store has left, and its end so many epochs later. */
async function orphan(client: Client, epochCount: number) {
  const failed = await storeInVain(client);
  for (let n = 0; n < epochCount; n++) client.world.network.changeEpoch();
  client.begin();
  const orphans = await orphansOf(client);
  const path = `/edge/v1/orphans/${orphans[0]?.blobObjectId ?? ""}`;
  const { status } = await client.ask({ method: "DELETE", path });
  return [failed, orphans.length, status, await orphansOf(client)];
}

async function sweptOrphan(client: Client) {
  const failed = await storeInVain(client);
  client.begin();
  const { length } = await orphansOf(client);
  await crons(client);
  return [failed, length, await orphansOf(client)];
}

/**
 * A cron that is lost, or meets trouble, is not repeated: the next one does its work. Each of three
 * deaths and two troubles may cost one.
 */
async function crons({ cron, sleep }: Client): Promise<void> {
  for (let n = 0; n < 6; n++) {
    await cron();
    await sleep(HOUR_MS / 3);
  }
}

async function renewed(client: Client) {
  const query = `epochs=${RENEWED_EPOCHS}&deletable=true`;
  const blobs = [1, 2, 3].map((seed) => store(client, query, seededBytes(200, seed)));
  await Promise.all(blobs);
  client.begin();
  await crons(client);
  return client.world.gateway.peek(BOOK, (book) => book.rows()).map(({ endEpoch }) => endEpoch);
}
