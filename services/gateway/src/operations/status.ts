import type { Bus } from "@caxton/bus/types";
import type { SystemStatus } from "@caxton/contracts/system-status";
import { checkAgents } from "../core/diagnosis/agents.ts";
import { checkServices } from "../core/diagnosis/services.ts";
import type { Projection } from "../projection.ts";
import { agentStatus } from "./agent-status.ts";
import { type Placement, readPlacement } from "./placement.ts";

export type SystemFacts = Omit<SystemStatus, "findings"> & { readonly placement: Placement };

/** @throws CaxtonError `bus-unavailable`, `service-unavailable` while history is still being read */
export async function readSystem(bus: Bus, projection: Projection, nowMs: number): Promise<SystemFacts> {
  const placement = await readPlacement(bus);
  const views = projection.views().toSorted((a, b) => (a.agent < b.agent ? -1 : 1));
  const agents = await Promise.all(
    views.map((view) => agentStatus(bus, view, placement, projection.freezesOf(view.agent), nowMs)),
  );
  const services = placement.services.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.id.localeCompare(b.id));
  return { asOfMs: nowMs, services: [...services], agents, placement };
}

/** What is served as the status: the facts, and of the findings those that ask for something. */
export function statusOf({ asOfMs, services, agents }: SystemFacts): SystemStatus {
  const findings = [...checkServices(services), ...checkAgents(agents)].filter(({ result }) => result !== "ok");
  return { asOfMs, services, agents, findings };
}
