import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { StoredEvent } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";

/** `12  2024-11-20T10:30:00.123Z  RouteChanged  0198c0de-…  revision 2: quake-v1-3fa2b 100%` */
export function eventLine(event: StoredEvent): string {
  const { data = {}, type, revision } = event;
  const deployment = text(data["deployment"]) ?? "-";
  const about = aboutEvent(type, data);
  const columns = [String(revision).padStart(4), instant(unixMs(event.recordedAt)), type.padEnd(20), deployment, about];
  return columns.join("  ").trimEnd();
}

function aboutEvent(type: string, data: JsonObject): string {
  const version = text(data["version"]) ?? "";
  const reason = text(data["reason"]) ?? "";
  switch (type) {
    case "DeploymentRequested":
      return `by ${text(data["actor"]) ?? "unknown"}, ${text(data["strategy"]) ?? ""}`;
    case "DeploymentStarted":
      return data["replaces"] === undefined ? "" : `replaces ${text(data["replaces"])}`;
    case "ValidationFailed":
    case "DeploymentFailed":
      return failureText(data["failure"]);
    case "VersionReady":
      return `${version} after ${number(data["startMs"])} ms`;
    case "VersionWarmedUp":
      return `${version}: ${isObject(data["warmUp"]) ? (text(data["warmUp"]["ended"]) ?? "") : ""}`;
    case "RouteChanged":
      return `revision ${number(data["revision"])}: ${targetsText(data["targets"])}`;
    case "RouteApplied":
      return `revision ${number(data["revision"])} by ${number(data["routers"])} router(s)`;
    case "VerdictReached":
      return verdictText(data);
    case "CanaryPromoted":
    case "StepApproved":
    case "RolloutPaused":
    case "RolloutResumed":
      return [`step ${number(data["step"]) + 1} by ${text(data["actor"]) ?? "unknown"}`, reason]
        .filter(Boolean)
        .join(": ");
    case "RedriveStarted":
    case "RedriveStopped":
      return [`redrive ${number(data["number"])} by ${text(data["actor"]) ?? "unknown"}`, reason]
        .filter(Boolean)
        .join(": ");
    case "RedriveFinished":
      return `redrive ${number(data["number"])}: ${isObject(data["tally"]) ? number(data["tally"]["redriven"]) : 0} sent again`;
    case "QueueReordered":
      return `from place ${number(data["from"])} to ${number(data["to"])} by ${text(data["actor"]) ?? "unknown"}: ${reason}`;
    case "DeploymentWaits":
      return `place ${number(data["place"])} of ${number(data["waiting"])}: ${reason}`;
    case "AgentHeld":
    case "AgentReleased":
      return `revision ${number(data["revision"])} by ${text(data["actor"]) ?? "unknown"}: ${reason}`;
    case "UndeployStarted":
      return `its inbox: ${text(data["inbox"]) ?? "?"}, by ${text(data["actor"]) ?? "unknown"}: ${reason}`;
    case "RolloutFrozen":
      return `step ${number(data["step"]) + 1}: ${reason}`;
    case "ExperimentConcluded":
      return isObject(data["report"])
        ? `${text(data["report"]["recommendation"]) ?? ""}: ${text(data["report"]["reason"]) ?? ""}`
        : "";
    case "ApprovalAwaited":
      return `step ${number(data["step"]) + 1}`;
    case "CleanupStarted":
      return `${version} kept warm until ${instant(number(data["untilMs"]))}`;
    case "ArtifactRemoved":
    case "PreparedCodeRemoved":
      return [text(data["digest"])?.slice(0, 12), text(data["place"])].filter(Boolean).join(" at ");
    case "VersionDrained":
      return data["forced"] === true ? `${version}, what was left was redelivered` : version;
    default:
      return [version, reason].filter((part) => part !== "").join(": ");
  }
}

function verdictText({ step, decision, verdict }: JsonObject): string {
  const outcome = isObject(verdict) ? (text(verdict["outcome"]) ?? "") : "";
  return `step ${number(step) + 1}: ${outcome}, ${text(decision) === "none" ? "nothing follows" : text(decision)}`;
}

function failureText(failure: JsonValue | undefined): string {
  if (!isObject(failure)) return "";
  return `${text(failure["code"]) ?? ""} at ${text(failure["stage"]) ?? ""}: ${text(failure["reason"]) ?? ""}`;
}

function targetsText(targets: JsonValue | undefined): string {
  if (!Array.isArray(targets) || targets.length === 0) return "nowhere";
  return targets
    .filter(isObject)
    .map((target) => `${text(target["version"]) ?? "?"} ${Math.round(number(target["share"]) * 1_000) / 10}%`)
    .join(", ");
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: JsonValue | undefined): number {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : Number.NaN;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
