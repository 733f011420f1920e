import { canarySteps, watchMaxMs } from "@caxton/deployment/strategy";
import { TextFault } from "./problem.ts";
import { durationMs, percent } from "./quantity.ts";

export interface WrittenShare {
  readonly share: number;
  /** Absent where nothing is said about it. */
  readonly watchMs?: number;
}

/** `5%`, or `5% for 5m` with another word between. @throws TextFault */
export function parseShare(text: string, between: "for" | ":"): WrittenShare {
  const at = text.indexOf(between);
  const written = (at < 0 ? text : text.slice(0, at)).trimEnd();
  const share = percent(written);
  if (!(share > 0 && share <= 1)) throw new TextFault(0, `'${written}' is no share: above 0% and at most 100%`);
  if (at < 0) return { share };
  const time = text.slice(at + between.length);
  const offset = at + between.length + (time.length - time.trimStart().length);
  if (time.trim() === "")
    throw new TextFault(offset, `how long is missing, as in 5%${between === ":" ? ":5m" : " for 5m"}`);
  return { share, watchMs: durationMs(time.trim(), { maxMs: watchMaxMs }, offset) };
}

/** What the ADR's comments say: the first share for 5 minutes, every other for 10; all messages at the end, without watching. */
export function watchMsUnlessGiven(share: number, isFirst: boolean): number | undefined {
  if (share === 1) return undefined;
  const [first, second] = canarySteps;
  const like = isFirst ? first : second;
  return like?.kind === "shift" ? like.watchMs : undefined;
}
