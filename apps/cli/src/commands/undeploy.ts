import { setTimeout as delay } from "node:timers/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import { AgentSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { type InboxEnd, inboxEnds } from "@caxton/deployment/state";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { CtrlC, Interrupted } from "../interrupt.ts";
import { Spinner } from "../spinner.ts";
import { wireJson } from "../wire-json.ts";

interface AgentOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
}

interface UndeployOptions extends AgentOptions {
  readonly inbox?: InboxEnd;
  readonly overrideFreeze?: string;
  readonly detach?: boolean;
}

const lookEveryMs = 250;

export function holdCommand(): Command {
  return agentCommand("hold", "take nothing more out of an agent's inbox; what is sent to it waits there", [
    'caxton hold quake-watch --reason "its database is being moved"',
  ]).addHelpText(
    "after",
    "\n`caxton release` takes messages again. Deployments go on meanwhile: what mends the agent may come in.",
  );
}

export function releaseCommand(): Command {
  return agentCommand("release", "take messages out of an agent's inbox again", ["caxton release quake-watch"]);
}

export function undeployCommand(): Command {
  return gatewayCommand("undeploy", "take an agent out of traffic; producers are refused from then on", [
    'caxton undeploy quake-watch --inbox drain --reason "replaced by another agent"',
    'caxton undeploy quake-watch --inbox keep --reason "back next week"',
    'caxton undeploy quake-watch --inbox dead-letter --reason "nobody needs these any more"',
  ])
    .argument("<agent>", "its name, or an unambiguous beginning of it")
    .requiredOption(
      "--inbox <what>",
      "what becomes of what is in its inbox: drain (handled first), keep (for a later deployment) or dead-letter",
      inboxEnd,
    )
    .option("--reason <text>", "why; stays in the history, and producers are told")
    .option("--override-freeze <why>", "do it although there is a freeze; stays in the history")
    .option("--detach", "come back once it was accepted, without waiting for the end")
    .addHelpText(
      "after",
      "\nRefused while a deployment is on its way or waits. The history stays, and `caxton deploy agent` brings the agent back;\nwhat was kept is handled then. Another --inbox may be asked for while the inbox is drained.",
    )
    .action(undeploy);
}

function agentCommand(verb: "hold" | "release", description: string, examples: readonly string[]): Command {
  return gatewayCommand(verb, description, examples)
    .argument("<agent>", "its name, or an unambiguous beginning of it")
    .option("--reason <text>", "why; stays in the history")
    .action(async (typed: string, options: AgentOptions) => {
      const output = outputOf(options);
      const gateway = await openGateway(options);
      const context = commandContext(options.reason);
      const { agent } = await gateway.aboutAgent(verb, { agent: typed, context });
      const done =
        verb === "hold" ? `Held: nothing is taken out of the inbox of ${agent}` : `Released: ${agent} takes messages`;
      output.lines(
        `${output.style.good("✓")} ${done}`,
        ...(verb === "hold" ? [`→ Messages again: caxton release ${agent}`] : []),
      );
      output.value({ agent });
    });
}

/** @throws CaxtonError `invalid-argument` */
function inboxEnd(text: string): InboxEnd {
  const known = inboxEnds.find((one) => one === text);
  if (known !== undefined) return known;
  throw new CaxtonError("invalid-argument", `--inbox is ${inboxEnds.join(", ")}, not '${text}'`);
}

async function undeploy(typed: string, options: UndeployOptions): Promise<void> {
  const output = outputOf(options);
  const { inbox = "drain", reason, overrideFreeze } = options;
  const gateway = await openGateway(options);
  using ctrlC = new CtrlC();
  const { agent } = await gateway.undeployAgent({
    context: commandContext(reason),
    agent: typed,
    inbox,
    ...(overrideFreeze === undefined ? {} : { overrideFreeze }),
  });
  if (options.detach === true) {
    output.lines(`→ ${agent} is being undeployed`, `→ See how it goes: caxton get ${agent}`);
    output.value({ agent });
    return;
  }
  using spinner = new Spinner(output, `Undeploying (${inbox})`);
  for (let found = await gateway.getAgent(agent); ; found = await gateway.getAgent(agent)) {
    if (found.stopped?.what === "undeployed") {
      spinner.above(
        `${output.style.good("✓")} Undeployed: ${agent}; its history stays, and so does what is in its inbox`,
      );
      output.value(wireJson(AgentSchema, { ...found, state: undefined }));
      return;
    }
    await delay(lookEveryMs, undefined, { signal: ctrlC.signal }).catch(() => undefined);
    if (ctrlC.signal.aborted) throw new Interrupted(`it goes on without you; see how with: caxton get ${agent}`);
  }
}
