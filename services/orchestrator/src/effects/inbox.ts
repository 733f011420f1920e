import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "@caxton/bus/types";
import { epochOf } from "@caxton/contracts/outcome";
import { closedInboxSubject, inboxStream, inboxSubjects, routerConsumer } from "@caxton/contracts/subjects";
import type { EffectContext, EffectResult } from "./effect-context.ts";

const lookEveryMs = 200;

/** Takes the inbox's subjects away: who publishes there is told by the server that nobody takes it. */
export async function closeInbox(deployment: string, { bus, agent, signal }: EffectContext): EffectResult {
  await setSubjects(bus, agent, [closedInboxSubject(agent)], signal);
  return { type: "inbox-closed", deployment };
}

/** Gives them back, where they were taken away. */
export async function openInbox({ bus, agent, signal }: EffectContext): Promise<void> {
  await setSubjects(bus, agent, inboxSubjects(agent), signal);
}

/** Waits until nothing in the inbox is undecided, twice: what the server had in its hands when the inbox was closed may follow. */
export async function emptyInbox(deployment: string, { bus, agent, signal }: EffectContext): EffectResult {
  for (let empty = 0; empty < 2;) {
    await delay(lookEveryMs, undefined, { signal });
    empty = (await undecided(bus, agent)) === 0 ? empty + 1 : 0;
  }
  return { type: "inbox-emptied", deployment };
}

async function setSubjects(bus: Bus, agent: string, subjects: readonly string[], signal: AbortSignal): Promise<void> {
  const info = await bus.streams.info(inboxStream(agent));
  if (info === undefined || sameSubjects(info.spec.subjects, subjects)) return;
  signal.throwIfAborted();
  // Everything else stays as an operator may have set it.
  await bus.streams.ensure({ ...info.spec, subjects });
}

function sameSubjects(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((subject) => other.includes(subject));
}

/** Messages that no router has acknowledged. */
async function undecided(bus: Bus, agent: string): Promise<number> {
  const name = inboxStream(agent);
  const info = await bus.streams.info(name);
  if (info === undefined) return 0;
  const shared = routerConsumer(epochOf(info.createdAtMs));
  const consumer = (await bus.streams.consumers(name)).find((one) => one.name === shared);
  return consumer === undefined ? info.messages : consumer.pending + consumer.ackPending;
}
