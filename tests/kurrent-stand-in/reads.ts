import { randomUUID } from "node:crypto";
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
  const wanted = wantedBy(call.request, database);
  if ("code" in wanted) return void call.emit("error", { ...wanted, metadata: metadataOf(wanted) });
  call.write(confirmation(randomUUID()));
  for (const event of wanted.stored) call.write(eventResponse(event, wanted.hidesPosition));
  if (faults.saysCaughtUp) call.write(caughtUp());
  const onStored = (event: StoredEvent): void => {
    if (!wanted.isWanted(event)) return;
    call.write(eventResponse(event, wanted.hidesPosition));
    if (wanted.isAll) call.write(caughtUp());
  };
  database.changes.on("stored", onStored);
  call.once("close", () => database.changes.off("stored", onStored));
  call.once("cancelled", () => database.changes.off("stored", onStored));
}

function wantedBy(request: ReadReq, database: Database): Wanted | Refused {
  const options = request.getOptions();
  if (options?.hasSubscription() !== true)
    return { code: status.UNIMPLEMENTED, details: "the stand-in serves subscriptions only" };
  return options.hasAll() ? wantedOfAll(options, database) : wantedOfStream(options, database);
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

function wantedOfAll(options: ReadReq.Options, database: Database): Wanted | Refused {
  const position = options.getAll()?.getPosition();
  const isWanted = filterOf(options.getFilter());
  const after = BigInt(position?.getCommitPosition() ?? "-1");
  const isReal = position === undefined || database.all.some((event) => event.position === after);
  if (!isReal || (position !== undefined && BigInt(position.getPreparePosition()) !== after))
    return { code: status.UNKNOWN, details: `${after} is the position of no event` };
  const stored = database.all.filter((event) => event.position > after && isWanted(event));
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
