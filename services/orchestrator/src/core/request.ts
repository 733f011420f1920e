import type { DeployCommand } from "@caxton/contracts/command-message";
import type { VerbAndMessage } from "@caxton/contracts/commands";
import { CaxtonError } from "@caxton/contracts/errors";
import { canonicalJson, fingerprint } from "@caxton/contracts/fingerprint";
import { defaultLimits } from "@caxton/contracts/limits";
import type { Request } from "@caxton/deployment/command";
import {
  type AgentState,
  type Deployment,
  type DeploymentRequest,
  deploymentOf,
  type KeptField,
  settingsBefore,
} from "@caxton/deployment/state";
import { isPathFault, parseJsonPath } from "@caxton/deployment/json-path";
import { defaultJudging } from "@caxton/deployment/judging";
import { defaultShadow, shadowDurationMs } from "@caxton/deployment/shadow/settings";
import {
  abPlan,
  abTimes,
  blueGreenPlan,
  blueGreenTimes,
  canaryPlan,
  type CanaryStep,
  canarySteps,
  canaryTimes,
  directPlan,
  shadowPlan,
  type Strategy,
} from "@caxton/deployment/strategy";

/** Largest configuration, in bytes of JSON text: it travels with the version's specification. */
export const configurationMaxBytes = 64 * 1024;

type Settings = Pick<DeploymentRequest, KeptField>;

const defaultSettings: Settings = { configuration: "{}", limits: defaultLimits, instances: 1, concurrency: 1 };

/**
 * A deploy command from the bus in the words of the domain. What it does not name stays as the agent has it, or is the
 * default where the agent has nothing yet.
 * @throws CaxtonError `invalid-argument` where the configuration is too large
 */
export function deployRequest(
  agent: string,
  command: DeployCommand,
  artifactSizeBytes: number,
  state: AgentState,
): Extract<Request, { type: "deploy" }> {
  // Asked twice it means what it meant the first time.
  const known = deploymentOf(state, command.deployment);
  const before = known ?? settingsBefore(state);
  const settings = settingsOf(command, before ?? defaultSettings);
  const { deployment, artifact, allowBreaking, onConflict = "queue", overrideFreeze } = command;
  const fields = before === undefined || before === known ? [] : keptFields(command, settings);
  return {
    type: "deploy",
    deployment,
    agent,
    artifact: { digest: artifact.digest, sizeBytes: artifactSizeBytes },
    ...settings,
    fingerprint: fingerprint(artifact.digest, JSON.parse(settings.configuration), settings.limits),
    ...strategyOf(command),
    ...(allowBreaking === undefined ? {} : { allowBreaking }),
    ...(onConflict === "queue" ? {} : { onConflict }),
    ...(overrideFreeze === undefined ? {} : { overrideFreeze }),
    ...(fields.length === 0 || before === undefined ? {} : { kept: { from: nameOf(before), fields } }),
  };
}

function strategyOf({
  strategy = "direct",
  canary,
  blueGreen,
  shadow,
  ab,
}: DeployCommand): Pick<DeploymentRequest, "strategy" | "plan" | "judging" | "shadow" | "experiment"> {
  refuseOf("canary", canary, strategy);
  refuseOf("blue-green", blueGreen, strategy);
  refuseOf("shadow", shadow, strategy);
  refuseOf("ab", ab, strategy);
  if (strategy === "direct") return { strategy, plan: directPlan() };
  if (strategy === "blue-green") return { strategy, plan: blueGreenPlan({ ...blueGreenTimes, ...blueGreen }) };
  if (strategy === "shadow") {
    const { durationMs = shadowDurationMs, ...settings } = shadow ?? {};
    return { strategy, plan: shadowPlan(durationMs), shadow: { ...defaultShadow, ...settings } };
  }
  if (strategy === "ab") return { strategy, ...experimentOf(ab) };
  const { steps, judging, ...times } = canary ?? {};
  const plan = canaryPlan(steps?.map(canaryStep) ?? canarySteps, { ...canaryTimes, ...times });
  return { strategy, plan, judging: { ...defaultJudging, ...judging } };
}

/** @throws CaxtonError `invalid-argument` where nothing is measured */
function experimentOf(ab: DeployCommand["ab"]): Pick<DeploymentRequest, "plan" | "judging" | "experiment"> {
  if (ab === undefined)
    throw new CaxtonError("invalid-argument", "an A/B test needs a measure: 'ab.measure' says which");
  const { share, measure, judging, ...times } = ab;
  const fault = measure.kind === "mean" ? parseJsonPath(measure.path) : [];
  if (isPathFault(fault)) throw new CaxtonError("invalid-argument", `the measure: ${fault.message}`);
  return {
    plan: abPlan(share, { ...abTimes, ...times }),
    judging: { ...defaultJudging, ...judging },
    experiment: { measure },
  };
}

/** How one strategy goes is nothing that another can be told. @throws CaxtonError `invalid-argument` */
function refuseOf(of: Strategy, told: object | undefined, strategy: Strategy): void {
  if (told === undefined || of === strategy) return;
  const field = of === "blue-green" ? "blueGreen" : of;
  throw new CaxtonError("invalid-argument", `'${field}' says how ${of} goes; the strategy is '${strategy}'`);
}

function canaryStep(step: NonNullable<NonNullable<DeployCommand["canary"]>["steps"]>[number]): CanaryStep {
  return "approve" in step ? { kind: "approve" } : { kind: "shift", ...step };
}

function settingsOf(command: DeployCommand, before: Settings): Settings {
  const configuration =
    command.configuration === undefined ? before.configuration : canonicalJson(command.configuration);
  const sizeBytes = Buffer.byteLength(configuration);
  if (sizeBytes > configurationMaxBytes) {
    throw new CaxtonError(
      "invalid-argument",
      `the configuration has ${sizeBytes} bytes, at most ${configurationMaxBytes} are taken`,
    );
  }
  return {
    configuration,
    limits: { ...before.limits, ...command.limits },
    instances: command.instances ?? before.instances,
    concurrency: command.concurrency ?? before.concurrency,
  };
}

/** What was kept and is not what everybody has anyway. */
function keptFields(command: DeployCommand, settings: Settings): KeptField[] {
  const fields: readonly KeptField[] = ["configuration", "limits", "instances", "concurrency"];
  return fields.filter(
    (field) => command[field] === undefined && canonicalJson(settings[field]) !== canonicalJson(defaultSettings[field]),
  );
}

function nameOf({ version, deployment }: Deployment): string {
  return version ?? deployment;
}

/** Every other command in the words of the domain, which counts steps from 0. */
export function requestOf(
  received: Exclude<VerbAndMessage, { verb: "deploy" | "freeze" | "unfreeze" }>,
  actor: string,
): Request {
  const { reason = `${received.verb} by ${actor}` } = received.message;
  if (received.verb === "hold" || received.verb === "release") return { type: received.verb, reason };
  if (received.verb === "undeploy") {
    const { inbox, overrideFreeze } = received.message;
    return { type: received.verb, reason, inbox, ...definedOnly({ overrideFreeze }) };
  }
  const { deployment } = received.message;
  switch (received.verb) {
    case "abort":
    case "cancel":
    case "rollback":
      return { type: received.verb, deployment, reason };
    case "move": {
      const { place, queueRevision } = received.message;
      return { type: received.verb, deployment, reason, place, ...definedOnly({ queueRevision }) };
    }
    case "promote": {
      const { step, full = false, overrideFreeze } = received.message;
      return { type: received.verb, deployment, reason, full, ...stepFrom0(step), ...definedOnly({ overrideFreeze }) };
    }
    case "redrive": {
      const { limit, failedOnly = false, stop = false } = received.message;
      return { type: received.verb, deployment, reason, failedOnly, stop, ...(limit === undefined ? {} : { limit }) };
    }
    case "pause":
    case "resume":
    case "approve": {
      const { step, overrideFreeze } = received.message;
      return { type: received.verb, deployment, reason, ...stepFrom0(step), ...definedOnly({ overrideFreeze }) };
    }
  }
}

function stepFrom0(step: number | undefined): { readonly step?: number } {
  return step === undefined ? {} : { step: step - 1 };
}

function definedOnly<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> };
function definedOnly(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
