import type { CommandEntry } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import type { Style } from "./style.ts";

/** `2024-11-20T10:30:00.123Z  REFUSED   ops        deploy    quake-watch  0192…  queue-full: …` */
export function commandLine(entry: CommandEntry, style: Style): string {
  const { result, principal, verb, agent, id, repeated } = entry;
  const shown = result.toUpperCase().padEnd(8);
  const columns = [
    style.faint(instant(unixMs(entry.receivedAt ?? entry.answeredAt))),
    result === "refused" ? style.bad(shown) : shown,
    plain(principal).padEnd(10),
    (plain(verb) || "-").padEnd(8),
    (plain(agent) || "-").padEnd(16),
    id.padEnd(36),
    [resultText(entry), repeatedText(repeated, entry.differed), byText(entry.actor)].join(""),
  ];
  return columns.join("  ").trimEnd();
}

function resultText({ result, errorCode, errorMessage, deploymentId, deploymentState }: CommandEntry): string {
  if (result === "refused") return `${errorCode}: ${plain(errorMessage)}`;
  return result === "accepted" ? `${deploymentState}, deployment ${plain(deploymentId)}` : "not answered yet";
}

function repeatedText(repeated: number, differed: boolean): string {
  const times = repeated === 1 ? "once" : `${repeated} times`;
  if (repeated === 0) return "";
  return differed ? ` (came again ${times}, asking for something else, which was not done)` : ` (came again ${times})`;
}

function byText(actor: string): string {
  return actor === "" ? "" : ` (${plain(actor)})`;
}

/** A terminal must not be told what to do by a command. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, " ");
}
