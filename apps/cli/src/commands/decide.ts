import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { alreadyLine, alreadyValue } from "../format/already.ts";
import type { DecisionVerb, Gateway } from "../gateway-client.ts";
import { soBefore } from "../so-before.ts";

interface DecideOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
  readonly step?: number;
  readonly full?: boolean;
  readonly overrideFreeze?: string;
}

const overrideFreeze = ["--override-freeze <why>", "do it although there is a freeze; stays in the history"] as const;

type StepVerb = Exclude<DecisionVerb, "abort" | "rollback">;

const done: Readonly<Record<StepVerb, string>> = {
  promote: "Promoted",
  pause: "Paused",
  resume: "Resumed",
  approve: "Approved",
};

export function promoteCommand(): Command {
  return decideCommand(
    "promote",
    "bring a canary to its next share, or to all messages, without waiting for its verdict",
    [
      "caxton promote proc-v2-7f8d9",
      "caxton promote proc-v2-7f8d9 --full",
      'caxton promote 0198c0de --step 3 --reason "looks good"',
    ],
  )
    .option("--full", "all messages at once, instead of the next share")
    .option(...overrideFreeze);
}

export function pauseCommand(): Command {
  return decideCommand("pause", "keep a canary at its share; a verdict against it takes it back all the same", [
    'caxton pause proc-v2-7f8d9 --reason "looking into a ticket"',
  ]);
}

export function resumeCommand(): Command {
  return decideCommand("resume", "let a paused canary go on with the time it had left", [
    "caxton resume proc-v2-7f8d9",
  ]).option(...overrideFreeze);
}

export function approveCommand(): Command {
  return decideCommand("approve", "let a canary that waits at an approval go on", [
    "caxton approve proc-v2-7f8d9",
    'caxton approve proc-v2-7f8d9 --step 4 --reason "asked the team"',
  ]).option(...overrideFreeze);
}

function decideCommand(verb: StepVerb, description: string, examples: readonly string[]): Command {
  return gatewayCommand(verb, description, examples)
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .option(
      "--step <n>",
      "the step that is meant, from 1: where another is under way, nothing is done; the one under way unless given",
      wholeNumber("--step", 1, 1_000),
    )
    .option("--reason <text>", "why; stays in the history")
    .action(async (id: string, options: DecideOptions) => decide(verb, id, options));
}

async function decide(verb: StepVerb, typed: string, options: DecideOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const { id, step } = await meant(gateway, typed, options.step);
  const context = commandContext(options.reason);
  const { agent, state } = await gateway.decide(verb, {
    deploymentId: id,
    context,
    ...(step === undefined ? {} : { step }),
    ...(options.full === true ? { full: true } : {}),
    ...(options.overrideFreeze === undefined ? {} : { overrideFreeze: options.overrideFreeze }),
  });
  const value = { id, agent, state, ...(step === undefined ? {} : { step }) };
  const before = await soBefore(gateway, { agent, id, verb, commandId: context.commandId });
  if (before !== undefined) {
    output.lines(alreadyLine(verb, typed, agent, before));
    output.value({ ...value, already: alreadyValue(before) });
    return;
  }
  output.lines(
    `${output.style.good("✓")} ${done[verb]}${options.full === true ? " to all messages" : ""}: ${typed} of ${agent}${step === undefined ? "" : `, step ${step}`}`,
    `→ See how it goes: caxton get -w ${typed}`,
  );
  output.value(value);
}

/** The step that is under way as we look: two people who say the same at the same time have said it once, not twice. */
async function meant(
  gateway: Gateway,
  typed: string,
  given: number | undefined,
): Promise<{ readonly id: string; readonly step?: number }> {
  const deployment = await gateway.getDeployment(typed);
  const step = given ?? (deployment.state === "Deploying" ? deployment.step?.number : undefined);
  return { id: deployment.id, ...(step === undefined ? {} : { step }) };
}
