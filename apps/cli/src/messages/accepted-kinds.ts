import { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError } from "@caxton/contracts/errors";
import type { Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { checker } from "@caxton/contracts/schema";
import { nearest } from "@caxton/deployment-file/nearest";
import type { Gateway } from "../gateway-client.ts";

const descriptionSchema = checker("description", AgentDescription);

/**
 * Refuses a kind that would only make dead letters. Where no version is live, or it is not known what one accepts, nothing is said.
 * @throws CaxtonError `invalid-argument`, and what the gateway says
 */
export async function requireAcceptedKind(gateway: Gateway, agent: string, kind: string): Promise<void> {
  const { name, targets } = await gateway.getAgent(agent);
  // `send` takes whole names only; whoever took its beginning for one is told so there.
  if (name !== agent) return;
  const live = await Promise.all(targets.map(({ version }) => gateway.getDeployment(version)));
  const refused = kindObjection(agent, kind, live);
  if (refused !== undefined) throw refused;
}

/** undefined where one of them accepts it, or may. */
export function kindObjection(
  agent: string,
  kind: string,
  live: readonly Pick<Deployment, "version" | "validationReport">[],
): CaxtonError | undefined {
  const accepted = new Set<string>();
  for (const { validationReport } of live) {
    const description = validationReport?.["description"];
    if (!descriptionSchema.matches(description)) return undefined;
    for (const one of description.accepts) accepted.add(one.kind);
  }
  if (live.length === 0 || accepted.has(kind)) return undefined;
  const kinds = [...accepted];
  const versions = live.map(({ version }) => version).join(" and ");
  const meant = nearest(kind, kinds);
  const hint = meant === undefined ? "" : `; did you mean '${meant}'?`;
  return new CaxtonError(
    "invalid-argument",
    `${agent} accepts no kind '${kind}', nothing was sent; ${versions} ${live.length === 1 ? "accepts" : "accept"} ${kinds.join(", ")}${hint}`,
    { details: { kind, accepted: kinds.join(",") } },
  );
}
