import Type, { type TSchema } from "../type.ts";
import { eventDataSchemas } from "../deployment-event.ts";
import { EventMetadata } from "../event-envelope.ts";
import { Ledger } from "../ledger.ts";
import { MessageLife } from "../message-life.ts";
import { Retention } from "../retention.ts";
import { ShadowReport } from "../shadow.ts";
import { SystemStatus } from "../system-status.ts";
import { ValidationReport } from "../validation.ts";
import { Windows } from "../windows.ts";

/** What fields of the API hold whose type in proto/ is google.protobuf.Struct, by the field's full name. */
export const structSchemas: Readonly<Partial<Record<string, TSchema>>> = {
  // The domain's own state, for replay to compare with: whatever libs/deployment makes of it.
  "caxton.v1.Agent.state": Type.Record(Type.String(), Type.Unknown()),
  "caxton.v1.Deployment.validation_report": ValidationReport,
  "caxton.v1.ExplainDeploymentResponse.ledger": Ledger,
  "caxton.v1.GetLedgerResponse.ledger": Ledger,
  "caxton.v1.GetMessageResponse.message": MessageLife,
  "caxton.v1.GetRetentionResponse.retention": Retention,
  "caxton.v1.GetShadowReportResponse.report": ShadowReport,
  "caxton.v1.GetStatusResponse.status": SystemStatus,
  "caxton.v1.GetWindowsResponse.windows": Windows,
  "caxton.v1.StoredEvent.data": Type.Union(Object.values(eventDataSchemas)),
  "caxton.v1.StoredEvent.metadata": EventMetadata,
};
