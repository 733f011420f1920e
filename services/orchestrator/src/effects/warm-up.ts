import { decodeJson } from "@caxton/bus/json";
import { AgentDescription } from "@caxton/contracts/agent-description";
import { Outcome } from "@caxton/contracts/outcome";
import { checker } from "@caxton/contracts/schema";
import { outcomeStream, outcomeSubject } from "@caxton/contracts/subjects";
import type { Effect } from "@caxton/deployment/next";
import type { WarmUp } from "@caxton/deployment/warm-up";
import { recentMessages } from "../adapters/recent-messages.ts";
import { Rehearsal } from "../adapters/rehearsal.ts";
import { type WarmUpMessage, WarmUpTally } from "../core/warm-up-tally.ts";
import { deploymentOf, type EffectContext, type EffectResult } from "./effect-context.ts";

const outcomeSchema = checker("outcome", Outcome);
const description = checker("description", AgentDescription);
/** Where its time was over before this orchestrator took it up, a little is asked all the same. */
const leastMs = 2_000;

/**
 * Has a version that gets no messages yet answer recent ones, so that the first live message is not the first that it sees.
 * What it answers is counted and goes nowhere: no outcome is stored, no output, and no message is taken out of the inbox.
 */
export async function warmUp(effect: Effect & { kind: "warm-up" }, context: EffectContext): EffectResult {
  const { bus, agent, state, log, now, signal } = context;
  const { version, step } = effect;
  const deployment = deploymentOf(state, effect.deployment);
  const startedAtMs = now();
  const { source, epoch, messages } = await material(effect.deployment, context);
  const tally = new WarmUpTally({
    source,
    messages,
    instances: deployment.instances,
    mayRefuse: deployment.allowBreaking !== undefined,
  });
  const rehearsal = new Rehearsal({
    bus,
    agent,
    version,
    routeRevision: state.route.revision,
    messageTimeoutMs: deployment.limits.messageTimeoutMs,
    atOnce: deployment.instances * deployment.concurrency,
    tally,
    signal,
    wasHandled: async ({ sequence }) =>
      sequence === undefined || ((await outcomeOf(context, epoch, sequence)) ?? "") === "handled",
    leftMs: () => Math.max(effect.deadlineAtMs, startedAtMs + leastMs) - now(),
  });
  const ended = await rehearsal.run();
  if (signal.aborted) return undefined;
  const found: WarmUp = { ...tally.found(now() - startedAtMs), ended };
  log.info({ version_id: version, ...found }, `warmed up: ${ended}`);
  return { type: "warmed-up", deployment: effect.deployment, step, warmUp: found };
}

interface Material {
  readonly source: WarmUp["source"];
  /** Of the inbox; empty where the messages are none of it. */
  readonly epoch: string;
  readonly messages: readonly WarmUpMessage[];
}

async function material(deployment: string, { bus, agent, signal, reportOf }: EffectContext): Promise<Material> {
  const { epoch, messages } = await recentMessages(bus, agent, signal);
  if (messages.length > 0) return { source: "history", epoch, messages };
  return { source: "examples", epoch: "", messages: examplesIn(await reportOf(deployment)) };
}

/** Of the description that validation had from the component; none where it cannot be read any more. */
function examplesIn(report: unknown): readonly WarmUpMessage[] {
  const said = typeof report === "object" && report !== null && "description" in report ? report.description : {};
  if (!description.matches(said)) return [];
  return said.accepts.flatMap(({ kind, examples }) =>
    examples.map((example, index) => ({
      name: `example ${index} of '${kind}'`,
      id: `warm-up/example/${kind}/${index}`,
      kind,
      body: JSON.stringify(example),
    })),
  );
}

async function outcomeOf({ bus, agent }: EffectContext, epoch: string, sequence: number): Promise<string | undefined> {
  const stored = await bus.streams.last(outcomeStream(agent), outcomeSubject(agent, epoch, sequence));
  return stored && outcomeSchema.check(decodeJson(stored.data)).result;
}
