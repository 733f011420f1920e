import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Deployment, Kept } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Limits } from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import { bytes, duration } from "./quantity.ts";

const configurationShownMax = 400;

/** What makes the version what it is, besides its artifact. */
export function settingsFields(deployment: Deployment): readonly (readonly [string, string])[] {
  const { instances, concurrency, limits, configuration, kept } = deployment;
  const text = configuration === undefined ? "{}" : JSON.stringify(toJson(ValueSchema, configuration));
  const shown = text.length > configurationShownMax ? `${text.slice(0, configurationShownMax)}… (--json)` : text;
  return [
    ["Instances", `${instances}, each working on ${concurrency} ${concurrency === 1 ? "message" : "messages"} at once`],
    ["Configuration", shown],
    ...(limits === undefined ? [] : [["Limits", limitsText(limits)] as const]),
    ...(kept === undefined ? [] : [["Kept", keptText(kept)] as const]),
  ];
}

function limitsText(limits: Limits): string {
  const { memoryMaxBytes = 0, messageTimeoutMs = 0, startTimeoutMs = 0, outputMaxBytes = 0, p99MaxMs = 0 } = limits;
  return [
    `memory ${bytes(memoryMaxBytes)}`,
    `timeout ${duration(messageTimeoutMs)}`,
    `start ${duration(startTimeoutMs)}`,
    `output ${bytes(outputMaxBytes)}`,
    `p99 ${duration(p99MaxMs)}`,
  ].join(", ");
}

/** `configuration and limits as proc-v1-7f8d9 has them` */
export function keptText({ from, fields }: Kept): string {
  const named = fields.length < 2 ? fields.join() : `${fields.slice(0, -1).join(", ")} and ${fields.at(-1)}`;
  return `${named} as ${from} has ${fields.length === 1 && fields[0]?.endsWith("s") !== true ? "it" : "them"}`;
}
