import type { DescService } from "@bufbuild/protobuf";
import { file_caxton_v1_agent_deployment } from "../gen/caxton/v1/agent_deployment_pb.js";
import { file_caxton_v1_messages } from "../gen/caxton/v1/messages_pb.js";
import { file_caxton_v1_operations } from "../gen/caxton/v1/operations_pb.js";

/** Every service of proto/caxton/v1, as the gateway serves it and the OpenAPI document describes it. */
export const apiServices: readonly DescService[] = [
  file_caxton_v1_agent_deployment,
  file_caxton_v1_messages,
  file_caxton_v1_operations,
].flatMap(({ services }) => services);
