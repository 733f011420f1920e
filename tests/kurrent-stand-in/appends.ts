import type { ServerDuplexStream } from "@grpc/grpc-js";
import streamsPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type {
  BatchAppendReq,
  BatchAppendResp,
} from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type { Database, ProposedEvent } from "./database.ts";
import type { Faults } from "./faults.ts";
import { expectedOf, identifierOf, nameOf, proposed, refusal, uuid } from "./wire.ts";

interface Batch {
  readonly options: BatchAppendReq.Options;
  readonly events: ProposedEvent[];
}

/** All appends of one client: parts of batches come in, one answer for each whole batch goes out. */
export function serveAppends(
  call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
  database: Database,
  faults: Faults,
): void {
  const batches = new Map<string, Batch>();
  call.on("end", () => call.end());
  call.on("data", (request: BatchAppendReq) => {
    const correlation = request.getCorrelationId()?.getString() ?? "";
    const options = request.getOptions();
    const batch = batches.get(correlation) ?? (options === undefined ? undefined : { options, events: [] });
    if (batch === undefined) return;
    batches.set(correlation, batch);
    batch.events.push(...request.getProposedMessagesList().map(proposed));
    if (!request.getIsFinal()) return;
    batches.delete(correlation);
    const response = answer(batch, database).setCorrelationId(uuid(correlation));
    faults.answer(() => call.write(response));
  });
}

function answer({ options, events }: Batch, database: Database): BatchAppendResp {
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectedOf(options);
  const appended = database.append(stream, expected, events);
  const response = new streamsPb.BatchAppendResp().setStreamIdentifier(identifierOf(stream));
  if (appended.kind !== "stored") return response.setError(refusal(stream, expected, appended));
  const success = new streamsPb.BatchAppendResp.Success().setCurrentRevision(appended.revision.toString());
  return response.setSuccess(success);
}
