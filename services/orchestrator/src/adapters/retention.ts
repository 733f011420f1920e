import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import { retentionAnswer } from "@caxton/contracts/retention";
import { retentionSubject } from "@caxton/contracts/subjects";

const answerTimeoutMs = 3_000;

/**
 * How long what is done of an agent stays on the bus now, as far as a strategy needs it: a shadow its messages and their
 * outcomes, an A/B test the outcomes. undefined for any other, and where the agent has none yet.
 * @throws CaxtonError `service-unavailable` where no ledger says it
 */
export async function keptForMs(
  bus: Pick<Bus, "request">,
  agent: string,
  strategy: string | undefined,
): Promise<number | undefined> {
  if (strategy !== "shadow" && strategy !== "ab") return undefined;
  const answer = retentionAnswer.check(decodeJson(await ask(bus, agent)));
  if (!answer.ok) {
    if (answer.error.code === "unknown-agent") return undefined;
    throw new CaxtonError("service-unavailable", `how long messages are kept is not known: ${answer.error.message}`);
  }
  const { inbox, outcomes } = answer.kept;
  const needed = strategy === "shadow" ? [inbox, outcomes] : [outcomes];
  const kept = needed.flatMap((stream) => (stream === undefined ? [] : [stream.keptMs]));
  return kept.length === 0 ? undefined : Math.min(...kept);
}

async function ask(bus: Pick<Bus, "request">, agent: string): Promise<Uint8Array> {
  try {
    return (await bus.request(retentionSubject(agent), encodeJson({}), { timeoutMs: answerTimeoutMs })).data;
  } catch (error) {
    if (!hasCode(error, "no-instance", "timeout")) throw error;
    const what = `it needs what is kept for its time, and no ledger says how long that is; is one running?`;
    throw new CaxtonError("service-unavailable", what, { cause: error });
  }
}
