import type { Bus } from "@caxton/bus/types";
import type { Inbound } from "@caxton/contracts/inbound";
import { epochOf, type Outcome } from "@caxton/contracts/outcome";
import { inboxStream } from "@caxton/contracts/subjects";
import type { ShadowSpec } from "@caxton/contracts/shadow";
import { followOutcomes } from "@caxton/service/outcomes";
import { isSampled } from "../core/sampling.ts";
import { InboxReader } from "./inbox-reader.ts";

/** An outcome with the message that it is about, or why there is none to ask the shadow about. */
export interface Candidate {
  /** Of the outcome in its stream. */
  readonly position: number;
  /** Unix ms; they never come with less than the one before. */
  readonly storedAtMs: number;
  /** undefined where what is stored is no outcome. */
  readonly outcome: Outcome | undefined;
  readonly message: Inbound | "not-handled" | "unwanted" | "gone";
}

/** Nobody waits for a shadow. */
const gatherMs = 50;

/** Outcomes from a position on, in the order they were stored, each with its message; goes on until `signal` aborts. */
export async function* handledMessages(
  bus: Bus,
  { agent, deployment, settings }: ShadowSpec,
  fromPosition: number,
  signal: AbortSignal,
): AsyncGenerator<Candidate, void> {
  let reader: { readonly epoch: string; readonly inbox: InboxReader } | undefined;
  const wants = (message: Inbound): boolean => isSampled(deployment, settings.sample, message);

  /** Of the life of the inbox that is there now; what lay in an earlier one is gone. */
  async function readerOf(epoch: string): Promise<InboxReader | undefined> {
    if (reader?.epoch === epoch) return reader.inbox;
    const info = await bus.streams.info(inboxStream(agent));
    if (info === undefined || epochOf(info.createdAtMs) !== epoch) return undefined;
    const inbox = new InboxReader({ bus, agent, epochMs: info.createdAtMs, signal, wants });
    reader = { epoch, inbox };
    return inbox;
  }

  const wanted = { fromPosition, gatherMs, signal };
  for await (const { position, storedAtMs, outcome } of followOutcomes(bus, agent, wanted)) {
    if (outcome === undefined || outcome.result !== "handled") {
      yield { position, storedAtMs, outcome, message: "not-handled" };
      continue;
    }
    const inbox = await readerOf(outcome.epoch);
    const message = inbox === undefined ? "gone" : await inbox.take(outcome.sequence);
    yield { position, storedAtMs, outcome, message };
  }
}
