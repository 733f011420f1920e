import type { Bus } from "@caxton/bus/types";
import type { AgentDeployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { EventStore } from "@caxton/event-store/port";
import type { ServiceImpl } from "@connectrpc/connect";
import type { CommandSender } from "../command-sender.ts";
import type { Projection } from "../projection.ts";

/** What the handlers of the API work with. */
export interface ApiContext {
  readonly bus: Bus;
  readonly eventStore: EventStore;
  readonly projection: Projection;
  readonly commands: CommandSender;
  /** What nats-server may set aside for streams in all, where that is known. */
  readonly busStorageMaxBytes?: number;
}

export type Api = ServiceImpl<typeof AgentDeployment>;
