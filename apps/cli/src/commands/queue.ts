import { ListQueueResponseSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf, wholeNumber } from "../command.ts";
import { commandContext, type GatewayOption, openGateway } from "../context.ts";
import { queueLines } from "../format/queue.ts";
import { wireJson } from "../wire-json.ts";

interface MoveOptions extends JsonOption, GatewayOption {
  readonly to: number;
  readonly revision?: number;
  readonly reason?: string;
}

interface CancelOptions extends JsonOption, GatewayOption {
  readonly reason?: string;
}

export function queueListCommand(): Command {
  return gatewayCommand("list", "list an agent's deployments that wait, and what they wait for", [
    "caxton queue quake-watch",
    "caxton queue list quake-watch --json | jq .queueRevision",
  ])
    .argument("<agent>", "its name, or an unambiguous beginning of it")
    .action(list);
}

export function queueMoveCommand(): Command {
  return gatewayCommand("move", "give a deployment that waits another place in the line", [
    "caxton queue move 0198c0de --to 1",
    'caxton queue move 0198c0de --to 1 --revision 4 --reason "it mends an outage"',
  ])
    .argument("<deployment>", "its id, or an unambiguous abbreviation of it")
    .requiredOption("--to <place>", "where it shall stand; 1 is next", wholeNumber("--to", 1, 100_000))
    .option(
      "--revision <n>",
      "the line as `caxton queue` showed it: where it has changed since, nothing is moved; as it is now unless given",
      wholeNumber("--revision", 0, 2 ** 31 - 1),
    )
    .option("--reason <text>", "why; stays in the history")
    .action(move);
}

export function cancelCommand(): Command {
  return gatewayCommand("cancel", "take a deployment that waits out of the line; `abort` takes one that has started", [
    'caxton cancel 0198c0de --reason "not needed any more"',
  ])
    .argument("<deployment>", "its id, or an unambiguous abbreviation of it")
    .option("--reason <text>", "why; stays in the history")
    .action(cancel);
}

async function list(agent: string, options: JsonOption & GatewayOption): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const queue = await gateway.listQueue(agent);
  output.lines(...queueLines(queue));
  output.value(wireJson(ListQueueResponseSchema, queue));
}

async function move(typed: string, { to, revision, ...options }: MoveOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  // As it is while we look: whoever moves something at the same moment and comes first has moved it.
  const { id, agent } = await gateway.getDeployment(typed);
  const queueRevision = revision ?? (await gateway.listQueue(agent)).queueRevision;
  await gateway.moveDeployment({
    deploymentId: id,
    place: to,
    queueRevision,
    context: commandContext(options.reason),
  });
  output.lines(
    `${output.style.good("✓")} Moved: ${id} of ${agent} stands at place ${to}`,
    `→ See the line: caxton queue ${agent}`,
  );
  output.value({ id, agent, place: to });
}

async function cancel(typed: string, options: CancelOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const context = commandContext(options.reason);
  const { deploymentId: id, agent, state } = await gateway.cancelDeployment({ deploymentId: typed, context });
  output.lines(`${output.style.good("✓")} Cancelled: ${id} of ${agent} waits no more`);
  output.value({ id, agent, state });
}
