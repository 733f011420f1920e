import { CaxtonError, hasCode } from "@caxton/contracts/errors";
import type { Agent, Deployment } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Gateway } from "./gateway-client.ts";

/** What an id means that may be of a deployment, of a version or the name of an agent. */
export type Target =
  | { readonly kind: "deployment"; readonly deployment: Deployment }
  | { readonly kind: "agent"; readonly agent: Agent };

/** A full name or id wins over an abbreviation. @throws CaxtonError `unknown-deployment`, `ambiguous-id` */
export async function findTarget(gateway: Gateway, typed: string): Promise<Target> {
  const [agent, deployment] = await Promise.all([found(gateway.getAgent(typed)), found(gateway.getDeployment(typed))]);
  if (!(agent instanceof CaxtonError) && agent.name === typed) return { kind: "agent", agent };
  const isFullId = !(deployment instanceof CaxtonError) && [deployment.id, deployment.version].includes(typed);
  if (isFullId || agent instanceof CaxtonError) {
    if (!(deployment instanceof CaxtonError)) return { kind: "deployment", deployment };
    if (hasCode(deployment, "ambiguous-id")) throw deployment;
    if (agent instanceof CaxtonError && hasCode(agent, "ambiguous-id")) throw agent;
    throw new CaxtonError(
      "unknown-deployment",
      `no deployment, version or agent '${typed}'; \`caxton list\` shows what there is`,
    );
  }
  if (deployment instanceof CaxtonError && hasCode(deployment, "unknown-deployment")) return { kind: "agent", agent };
  const other = deployment instanceof CaxtonError ? "several versions" : `deployment ${deployment.id}`;
  throw new CaxtonError("ambiguous-id", `'${typed}' fits agent ${agent.name} and ${other}; type more of it`);
}

async function found<Value>(asked: Promise<Value>): Promise<Value | CaxtonError> {
  try {
    return await asked;
  } catch (error) {
    if (hasCode(error, "unknown-agent", "unknown-deployment", "ambiguous-id")) return error;
    throw error;
  }
}
