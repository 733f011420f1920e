import { decodeJson } from "@caxton/bus/json";
import { epochOf, Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { slotTtlMs } from "@caxton/contracts/placement";
import { inboxStream, outcomeStream, outcomeSubject, slotBucket } from "@caxton/contracts/subjects";
import { agent, type Scene, slotsOf } from "./scene.ts";

// What is waited for while something is frozen: that others went on without it.

const timeoutMs = 60_000;
/** As many as make sure that a router which pulled before it was frozen was given some of them. */
const accepted = 300;
const outcome = checker("outcome", Outcome);

/**
 * Resolves when 300 more messages were accepted and every message up to there is decided, those too that a frozen process
 * had been given. @returns the longest time that one of them waited for its decision, in ms
 */
export async function othersDecide({ bus }: Scene): Promise<number> {
  const signal = AbortSignal.timeout(timeoutMs);
  const inbox = await bus.streams.info(inboxStream(agent));
  if (inbox === undefined) throw new Error(`${agent} has no inbox`);
  const upTo = inbox.lastSequence + accepted;
  let longestMs = 0;
  // Nothing was trimmed here, so that there is an outcome for each from the first on.
  let missing = upTo;
  const prefix = outcomeSubject(agent, epochOf(inbox.createdAtMs), 0).slice(0, -1);
  for await (const { subject, data } of bus.streams.follow(outcomeStream(agent), { signal })) {
    const sequence = subject.startsWith(prefix) ? Number(subject.slice(prefix.length)) : Infinity;
    if (sequence > upTo) continue;
    if (sequence > inbox.lastSequence - accepted) {
      const { receivedAtMs, decidedAtMs } = outcome.check(decodeJson(data));
      longestMs = Math.max(longestMs, decidedAtMs - receivedAtMs);
    }
    missing -= 1;
    if (missing === 0) return longestMs;
  }
  throw new Error(`${missing} of the first ${upTo} messages were not decided within ${timeoutMs} ms`);
}

/** Resolves when every instance of the version is ready on a host that is not `host`. */
export async function othersHost(scene: Scene, version: string, instances: number, host: string): Promise<void> {
  const slots = await scene.bus.kv(slotBucket, { ttlMs: slotTtlMs });
  const signal = AbortSignal.timeout(timeoutMs);
  for await (const _ of slots.watch({ key: `${agent}.${version}.*`, signal })) {
    const ready = (await slotsOf(scene, version)).filter((slot) => slot.state === "ready");
    if (ready.length === instances && ready.every((slot) => !slot.host.startsWith(`${host}.`))) return;
  }
  throw new Error(`${version} had no ${instances} instances beside ${host} within ${timeoutMs} ms`);
}
