import type { Gateway } from "./gateway-client.ts";
import type { RolloutPlan } from "./rollout-plan.ts";

const namedMax = 5;

/**
 * What somebody should know before the first version of an agent is deployed: that it is the first, where its name came from,
 * and that nothing of a plan is watched where there is nobody to go back to. Nothing where the agent has a version.
 */
export async function firstVersionLines(
  gateway: Pick<Gateway, "listAgents">,
  agent: string,
  plan: Pick<RolloutPlan, "isCanary">,
  isNameGiven: boolean,
): Promise<readonly string[]> {
  const { agents } = await gateway.listAgents();
  const others = agents.filter(({ activeVersion }) => activeVersion !== "").map(({ name }) => name);
  if (others.includes(agent)) return [];
  const named = others.slice(0, namedMax).join(", ");
  const more = others.length > namedMax ? ", …" : "";
  return [
    ...(isNameGiven || others.length === 0
      ? []
      : [
          `→ New agent ${agent}, named after the file; --agent makes it a version of one that is there: ${named}${more}`,
        ]),
    ...(plan.isCanary
      ? [`→ ${agent} has no version to go back to: it gets all messages at once, no step is watched`]
      : []),
  ];
}
