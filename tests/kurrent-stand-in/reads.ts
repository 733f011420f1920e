import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Metadata, status, type ServerWritableStream } from "@grpc/grpc-js";
import type { ReadReq, ReadResp } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type { Database, StoredEvent } from "./database.ts";
import type { Faults } from "./faults.ts";
import { caughtUp, confirmation, eventResponse, nameOf } from "./wire.ts";

interface Wanted {
  readonly stored: readonly StoredEvent[];
  readonly isWanted: (event: StoredEvent) => boolean;
  readonly hidesPosition: boolean;
  /** On $all the word that all was sent comes again and again. */
  readonly isAll: boolean;
}

interface Refused {
  readonly code: status;
  readonly details: string;
  readonly exception?: string;
  readonly stream?: string;
}

/** Subscriptions only: reads of the other kind come down the client's second connection, on which the adapter must not lean. */
export function serveRead(call: ServerWritableStream<ReadReq, ReadResp>, database: Database, faults: Faults): void {
  const wanted = wantedBy(call.request, database, faults);
  if ("code" in wanted) return void call.emit("error", { ...wanted, metadata: metadataOf(wanted) });
  const over = new AbortController();
  for (const end of ["close", "cancelled", "error"]) call.once(end, () => over.abort());
  call.write(confirmation(randomUUID()));
  void send(call, responses(wanted, database, faults, over.signal), over.signal);
}

/** No faster than it is taken, so that what breaks off leaves something out. */
async function send(
  call: ServerWritableStream<ReadReq, ReadResp>,
  sent: AsyncIterable<ReadResp>,
  over: AbortSignal,
): Promise<void> {
  for await (const response of sent) {
    if (over.aborted) return;
    if (!call.write(response)) await once(call, "drain", { signal: over }).catch(() => undefined);
  }
}

/** What is stored, the word that this was all, and what is stored later. */
async function* responses(
  wanted: Wanted,
  database: Database,
  faults: Faults,
  over: AbortSignal,
): AsyncGenerator<ReadResp, void> {
  let next = database.all.length;
  for (const event of wanted.stored) yield eventResponse(event, wanted.hidesPosition);
  if (faults.saysCaughtUp) yield caughtUp();
  while (!over.aborted) {
    const event = database.all[next];
    if (event === undefined) {
      await once(database.changes, "stored", { signal: over }).catch(() => undefined);
      continue;
    }
    next += 1;
    if (!wanted.isWanted(event)) continue;
    yield eventResponse(event, wanted.hidesPosition);
    if (wanted.isAll) yield caughtUp();
  }
}

function wantedBy(request: ReadReq, database: Database, faults: Faults): Wanted | Refused {
  const options = request.getOptions();
  if (options?.hasSubscription() !== true)
    return { code: status.UNIMPLEMENTED, details: "the stand-in serves subscriptions only" };
  return options.hasAll() ? wantedOfAll(options, database, faults) : wantedOfStream(options, database);
}

function wantedOfStream(options: ReadReq.Options, database: Database): Wanted | Refused {
  const from = options.getStream();
  const stream = nameOf(from?.getStreamIdentifier());
  if (stream === "") return { code: status.UNKNOWN, details: "the stream's name is empty" };
  // A subscription begins after the revision it names.
  const stored = database.read(stream, from?.hasRevision() === true ? BigInt(from.getRevision()) + 1n : 0n);
  if (stored === "deleted")
    return { code: status.FAILED_PRECONDITION, details: `${stream} is deleted`, exception: "stream-deleted", stream };
  return { stored, isWanted: (event) => event.stream === stream, hidesPosition: true, isAll: false };
}

function wantedOfAll(options: ReadReq.Options, database: Database, faults: Faults): Wanted | Refused {
  const position = options.getAll()?.getPosition();
  const isWanted = filterOf(options.getFilter());
  const after = BigInt(position?.getCommitPosition() ?? "-1");
  const isReal = position === undefined || database.all.some((event) => event.position === after);
  if (!isReal || (position !== undefined && BigInt(position.getPreparePosition()) !== after))
    return { code: status.UNKNOWN, details: `${after} is the position of no event` };
  const first = faults.beginsTooEarly ? after : after + 1n;
  const stored = database.all.filter((event) => event.position >= first && isWanted(event));
  return { stored, isWanted, hidesPosition: false, isAll: true };
}

function filterOf(filter: ReadReq.Options.FilterOptions | undefined): (event: StoredEvent) => boolean {
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType();
  if (filter === undefined || expression === undefined) return () => true;
  const regex = expression.getRegex() === "" ? undefined : new RegExp(expression.getRegex());
  const prefixes = expression.getPrefixList();
  const isByStream = filter.hasStreamIdentifier();
  return ({ stream, type }) => {
    const text = isByStream ? stream : type;
    return regex?.test(text) ?? prefixes.some((prefix) => text.startsWith(prefix));
  };
}

function metadataOf({ exception, stream }: Refused): Metadata {
  const metadata = new Metadata();
  if (exception !== undefined) metadata.set("exception", exception);
  if (stream !== undefined) metadata.set("stream-name", stream);
  return metadata;
}
