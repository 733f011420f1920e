import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import codePb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/code_pb.js";
import type { Code } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/code_pb.js";
import sharedPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js";
import statusPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js";
import streamsPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type {
  BatchAppendReq,
  ReadResp,
} from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type { Status } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js";
import type { StreamIdentifier, UUID } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js";
import type { Appended, Expected, ProposedEvent, StoredEvent } from "./database.ts";

/** In ticks of 100 ns. */
const ticksPerMs = 10_000n;
const noPosition = (2n ** 64n - 1n).toString();

export function nameOf(identifier: StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
}

export function uuid(id: string): UUID {
  return new sharedPb.UUID().setString(id);
}

export function identifierOf(stream: string): StreamIdentifier {
  return new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream).toString("base64"));
}

export function expectedOf(options: BatchAppendReq.Options): Expected {
  if (options.hasNoStream()) return "no-stream";
  if (options.hasStreamExists()) return "stream-exists";
  return options.hasAny() ? "any" : BigInt(options.getStreamPosition());
}

export function proposed(message: BatchAppendReq.ProposedMessage): ProposedEvent {
  const metadata = message.getMetadataMap();
  return {
    id: message.getId()?.getString().toLowerCase() ?? "",
    type: metadata.get("type") ?? "",
    contentType: metadata.get("content-type") ?? "",
    data: message.getData_asB64(),
    metadata: message.getCustomMetadata_asB64(),
  };
}

/** @param hidesPosition as some servers do in reads of one stream */
export function eventResponse(event: StoredEvent, hidesPosition: boolean): ReadResp {
  const position = hidesPosition ? noPosition : event.position.toString();
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent()
    .setId(uuid(event.id))
    .setStreamIdentifier(identifierOf(event.stream))
    .setStreamRevision(event.revision.toString())
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  recorded
    .getMetadataMap()
    .set("type", event.type)
    .set("content-type", event.contentType)
    .set("created", (BigInt(event.createdMs) * ticksPerMs).toString());
  return new streamsPb.ReadResp().setEvent(new streamsPb.ReadResp.ReadEvent().setEvent(recorded));
}

export function confirmation(id: string): ReadResp {
  return new streamsPb.ReadResp().setConfirmation(
    new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id),
  );
}

export function caughtUp(): ReadResp {
  return new streamsPb.ReadResp().setCaughtUp(new streamsPb.ReadResp.CaughtUp());
}

/** What was refused, as details of a status. */
export function refusal(stream: string, expected: Expected, appended: Exclude<Appended, { kind: "stored" }>): Status {
  switch (appended.kind) {
    case "wrong-revision":
      return status(
        codePb.Code.FAILED_PRECONDITION,
        "WrongExpectedVersion",
        wrongRevision(expected, appended.actual).serializeBinary(),
      );
    case "deleted":
      return status(
        codePb.Code.FAILED_PRECONDITION,
        "StreamDeleted",
        new sharedPb.StreamDeleted().setStreamIdentifier(identifierOf(stream)).serializeBinary(),
      );
    case "too-large":
      return status(
        codePb.Code.INVALID_ARGUMENT,
        "MaximumAppendSizeExceeded",
        new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(appended.maxBytes).serializeBinary(),
      );
  }
}

function wrongRevision(expected: Expected, actual: bigint) {
  const details = new sharedPb.WrongExpectedVersion();
  if (actual >= 0n) details.setCurrentStreamRevision(actual.toString());
  if (typeof expected === "bigint") details.setExpectedStreamPosition(expected.toString());
  return details;
}

function status(code: Code, name: string, bytes: Uint8Array): Status {
  const details = new anyPb.Any();
  details.pack(bytes, `event_store.client.${name}`);
  return new statusPb.Status().setCode(code).setMessage(name).setDetails(details);
}
