import type { DecisionVerb } from "../gateway-client.ts";
import type { Before } from "../so-before.ts";
import { unixMs } from "../wire-json.ts";
import { instant } from "./deployment.ts";

/** That a command changed nothing, because it is so: since when, by whom and why. */
export function alreadyLine(verb: DecisionVerb, typed: string, agent: string, { at, actor, reason }: Before): string {
  const since = at === undefined ? "" : `, since ${instant(unixMs(at))} by ${actor}`;
  const why = reason === undefined || reason === "" ? "" : `: ${reason}`;
  const what = `${typed} of ${agent}`;
  if (verb === "resume") return `→ Goes on already: ${what}${at === undefined ? ", it is not paused" : since}${why}`;
  return `→ ${verb === "pause" ? "Paused" : "Taken back"} already: ${what}${since}${why}`;
}

export function alreadyValue({ at, actor, reason }: Before): Record<string, string> {
  return at === undefined ? {} : { since: instant(unixMs(at)), by: actor, reason };
}
