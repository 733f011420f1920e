import type { Finding } from "@caxton/contracts/system-status";
import { foundOr, ok, problem, some, warning } from "./finding.ts";

/** What the key-value buckets name, and what of it is there. */
export interface KeptFacts {
  /** Hosts that announce themselves, and those that slots name. */
  readonly livingHosts: readonly string[];
  readonly slots: readonly { readonly key: string; readonly host: string }[];
  readonly runningSpecs: readonly { readonly key: string; readonly deploymentState: string | undefined }[];
  /** Agents of checkpoints and routes that no history knows. */
  readonly strangers: readonly { readonly bucket: string; readonly key: string }[];
  readonly unreadable: readonly string[];
}

/** A process or memory group of an instance on the gateway's machine. */
export interface MachineFacts {
  readonly hostname: string;
  readonly instances: readonly { readonly pid: number; readonly parentPid: number; readonly hasHost: boolean }[];
  /** Memory groups with their number of processes, and whether the host that made them is there. */
  readonly groups: readonly { readonly path: string; readonly processes: number; readonly hasHost: boolean }[];
}

const settled = ["Failed", "RolledBack", "Retired"];

/** Entries that speak of what is not there any more. */
export function checkKept(kept: KeptFacts): readonly Finding[] {
  const found: Finding[] = [
    ...kept.slots
      .filter(({ host }) => !kept.livingHosts.some((id) => host.startsWith(`${id}.`)))
      .map(({ key, host }) =>
        warning(
          "slots",
          `slot ${key} is held by ${host}, which does not announce itself`,
          "a host that died loses its slots after 3 s: look again; one that goes on holding it hangs and should be ended",
        ),
      ),
    ...kept.runningSpecs
      .filter(({ deploymentState }) => deploymentState === undefined || settled.includes(deploymentState))
      .map(({ key, deploymentState }) =>
        warning(
          "versions",
          `${key} should run according to caxton-versions, but its deployment is ${deploymentState ?? "unknown"}`,
          `an orchestrator stops it when it runs; else \`nats kv del caxton-versions ${key}\``,
        ),
      ),
    ...kept.strangers.map(({ bucket, key }) =>
      warning(
        "keys",
        `${bucket} has ${key}, of an agent that nothing is stored about`,
        `it belongs to another event store or to an agent that was removed: \`nats kv del ${bucket} ${key}\``,
      ),
    ),
    ...kept.unreadable.map((entry) =>
      problem(
        "keys",
        `${entry} cannot be read: it was written by another release or by hand`,
        "deploy the agent again, or put back what was there",
      ),
    ),
  ];
  return foundOr(
    found,
    ok(
      "keys",
      `${some(kept.slots.length, "slot")} and ${some(kept.runningSpecs.length, "running version")} have what they name`,
    ),
  );
}

/** Instances whose host is gone, and memory groups that nobody removed. */
export function checkMachine(machine: MachineFacts | undefined): readonly Finding[] {
  if (machine === undefined)
    return [
      ok(
        "processes",
        "the gateway's machine does not show its processes (no /proc): look for instances without a host yourself",
      ),
    ];
  const { hostname, instances, groups } = machine;
  const found = [
    ...instances
      .filter(({ hasHost }) => !hasHost)
      .map(({ pid, parentPid }) =>
        problem(
          "processes",
          `instance process ${pid} on ${hostname} has no agent-host (its parent is ${parentPid})`,
          `an agent-host ends it when it starts there; or \`kill -9 ${pid}\``,
        ),
      ),
    ...groups
      .filter(({ hasHost }) => !hasHost)
      .map(({ path, processes }) =>
        processes > 0
          ? problem(
              "memory groups",
              `${path} has ${some(processes, "process", "processes")} and no agent-host`,
              `an agent-host ends them when it starts there; or \`cat ${path}/cgroup.procs\` names them: end them, then \`rmdir ${path}\``,
            )
          : warning(
              "memory groups",
              `${path} is empty and its agent-host is gone`,
              `the next start of an agent-host removes it; or \`rmdir ${path}\``,
            ),
      ),
  ];
  return foundOr(
    found,
    ok(
      "processes",
      `${some(instances.length, "instance process", "instance processes")} and ${some(groups.length, "memory group")} on ${hostname}, each with its host`,
    ),
  );
}
