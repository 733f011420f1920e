import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import type { Freeze } from "@caxton/contracts/gen/caxton/v1/meeting_pb.js";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";
import { parseDurationMs } from "./quantity.ts";
import { table } from "./table.ts";

export function freezeLines(freezes: readonly Freeze[]): readonly string[] {
  if (freezes.length === 0) return ["Nothing is frozen."];
  const rows = freezes.map(({ agent, since, until, actor, reason }) => [
    agent === "" ? "all" : agent,
    instant(unixMs(since)),
    instant(unixMs(until), "lifted"),
    actor,
    reason,
  ]);
  return table(["FROZEN", "SINCE", "UNTIL", "BY", "REASON"], rows);
}

/** `2h` from now, or an instant. @returns Unix ms. @throws CaxtonError `invalid-argument` */
export function untilMsOf(text: string, nowMs: number): number {
  const instantMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instantMs)) return instantMs;
  try {
    return nowMs + parseDurationMs(text);
  } catch (error) {
    throw new CaxtonError(
      "invalid-argument",
      `--until is '${text}': an instant such as 2027-01-02T08:00:00Z, or ${toCaxtonError(error).message.split(" is not ")[1] ?? "a time such as 2h"}`,
      { cause: error },
    );
  }
}
