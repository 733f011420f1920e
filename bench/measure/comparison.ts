import { startLoopSide } from "./loop-side.ts";
import { startRoutedSide } from "./routed-side.ts";
import type { Guest } from "./side.ts";
import { summarize, type Summary } from "./statistics.ts";
import { throughputOf } from "./throughput.ts";

export interface Comparison {
  readonly guest: Guest;
  readonly routedPerSecond: Summary;
  readonly loopPerSecond: Summary;
  /** The loop once more with 16 messages in a request, as ours does on its own. */
  readonly batchedLoopPerSecond: Summary;
  /** Ours to the loop's, round by round, so that what else the machine did touches both. */
  readonly ratio: Summary;
  readonly batchedRatio: Summary;
}

const batched = 16;

/** Both ways in turn, `rounds` times, each round on fresh servers; who goes first alternates. */
export async function compare(
  guest: Guest,
  { rounds, messages, say }: { rounds: number; messages: number; say: (line: string) => void },
): Promise<Comparison> {
  const sides = {
    routed: () => startRoutedSide(guest),
    loop: () => startLoopSide(guest, 1),
    batchedLoop: () => startLoopSide(guest, batched),
  };
  const rates = { routed: [] as number[], loop: [] as number[], batchedLoop: [] as number[] };
  const names = ["routed", "loop", "batchedLoop"] as const;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      rates[name].push(await throughputOf(sides[name], messages));
    }
    const shown = names.map((name) => `${name} ${Math.round(rates[name].at(-1) ?? 0)}/s`);
    say(`${guest}, round ${round + 1} of ${rounds}: ${shown.join(", ")}`);
  }
  const ratioTo = (others: readonly number[]) => rates.routed.map((rate, at) => rate / (others[at] ?? Number.NaN));
  return {
    guest,
    routedPerSecond: summarize(rates.routed),
    loopPerSecond: summarize(rates.loop),
    batchedLoopPerSecond: summarize(rates.batchedLoop),
    ratio: summarize(ratioTo(rates.loop)),
    batchedRatio: summarize(ratioTo(rates.batchedLoop)),
  };
}
