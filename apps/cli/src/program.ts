import type { Command } from "commander";
import { quietCommand } from "./command.ts";

interface Entry {
  readonly name: string;
  readonly description: string;
  /** Loads what the command needs; only the command that is asked for is loaded. */
  readonly load: () => Promise<Command>;
}

const entries: readonly Entry[] = [
  {
    name: "up",
    description: "run everything on this machine: nats-server, every service and the gateway",
    load: async () => (await import("./commands/up.ts")).upCommand(),
  },
  {
    name: "agent",
    description: "build and inspect agents: agent build, agent inspect",
    load: async () => {
      const { agentBuildCommand } = await import("./commands/agent-build.ts");
      const { agentInspectCommand } = await import("./commands/agent-inspect.ts");
      return group("agent", "build and inspect agents", agentBuildCommand(), agentInspectCommand());
    },
  },
  {
    name: "deploy",
    description: "bring a component into live traffic: deploy agent",
    load: async () => {
      const { deployAgentCommand } = await import("./commands/deploy-agent.ts");
      return group("deploy", "bring a component into live traffic", deployAgentCommand());
    },
  },
  {
    name: "lint",
    description: "check deployment files without deploying, and say what they mean",
    load: async () => (await import("./commands/lint.ts")).lintCommand(),
  },
  {
    name: "ab",
    description: "tell what an A/B test shows: ab report",
    load: async () => {
      const { abReportCommand } = await import("./commands/ab-report.ts");
      return group("ab", "tell what an A/B test shows", abReportCommand());
    },
  },
  {
    name: "promote",
    description: "bring a canary to its next share, or to all messages",
    load: async () => (await import("./commands/decide.ts")).promoteCommand(),
  },
  {
    name: "pause",
    description: "keep a canary at its share",
    load: async () => (await import("./commands/decide.ts")).pauseCommand(),
  },
  {
    name: "resume",
    description: "let a paused canary go on",
    load: async () => (await import("./commands/decide.ts")).resumeCommand(),
  },
  {
    name: "approve",
    description: "let a canary that waits at an approval go on",
    load: async () => (await import("./commands/decide.ts")).approveCommand(),
  },
  {
    name: "abort",
    description: "take a deployment back before it runs",
    load: async () => (await import("./commands/take-back.ts")).abortCommand(),
  },
  {
    name: "cancel",
    description: "take a deployment that waits out of the line",
    load: async () => (await import("./commands/queue.ts")).cancelCommand(),
  },
  {
    name: "queue",
    description: "list the deployments that wait, and give them another order: queue <agent>, queue move",
    load: async () => {
      const { queueListCommand, queueMoveCommand } = await import("./commands/queue.ts");
      return group("queue", "list the deployments that wait, and give them another order", queueMoveCommand())
        .usage("<agent> | move <deployment> --to <place>")
        .addCommand(queueListCommand(), { isDefault: true });
    },
  },
  {
    name: "hold",
    description: "take nothing more out of an agent's inbox",
    load: async () => (await import("./commands/undeploy.ts")).holdCommand(),
  },
  {
    name: "release",
    description: "take messages out of an agent's inbox again",
    load: async () => (await import("./commands/undeploy.ts")).releaseCommand(),
  },
  {
    name: "undeploy",
    description: "take an agent out of traffic",
    load: async () => (await import("./commands/undeploy.ts")).undeployCommand(),
  },
  {
    name: "freeze",
    description: "let no new version into traffic, of one agent or of all",
    load: async () => (await import("./commands/freeze.ts")).freezeCommand(),
  },
  {
    name: "unfreeze",
    description: "lift a freeze",
    load: async () => (await import("./commands/freeze.ts")).unfreezeCommand(),
  },
  {
    name: "rollback",
    description: "take a version out of the traffic and bring the previous one back",
    load: async () => (await import("./commands/take-back.ts")).rollbackCommand(),
  },
  {
    name: "shadow",
    description: "tell what a shadow found: shadow report",
    load: async () => {
      const { shadowReportCommand } = await import("./commands/shadow-report.ts");
      return group("shadow", "tell what a shadow found", shadowReportCommand());
    },
  },
  {
    name: "explain",
    description: "tell why a deployment went as it did, and what became of its messages",
    load: async () => (await import("./commands/explain.ts")).explainCommand(),
  },
  {
    name: "history",
    description: "list what was asked for and decided about an agent, by whom and why",
    load: async () => (await import("./commands/history.ts")).historyCommand(),
  },
  {
    name: "list",
    description: "list the agents and their deployments, newest first",
    load: async () => (await import("./commands/list.ts")).listCommand(),
  },
  {
    name: "get",
    description: "show a deployment, a version or an agent",
    load: async () => (await import("./commands/get.ts")).getCommand(),
  },
  {
    name: "events",
    description: "print what is stored about an agent, in order",
    load: async () => (await import("./commands/events.ts")).eventsCommand(),
  },
  {
    name: "replay",
    description: "fold an agent's stored events and compare the state with the one that is served",
    load: async () => (await import("./commands/replay.ts")).replayCommand(),
  },
  {
    name: "send",
    description: "put messages into an agent's inbox",
    load: async () => (await import("./commands/send.ts")).sendCommand(),
  },
  {
    name: "ledger",
    description: "account for every message that the agent's inbox accepted",
    load: async () => (await import("./commands/ledger.ts")).ledgerCommand(),
  },
  {
    name: "deadletter",
    description: "list, show and resend what could not be handled",
    load: async () => {
      const { listCommand, resendCommand, showCommand } = await import("./commands/deadletter.ts");
      return group(
        "deadletter",
        "list, show and resend what could not be handled",
        listCommand(),
        showCommand(),
        resendCommand(),
      );
    },
  },
  {
    name: "redrive",
    description: "have what a version that was taken back handled or failed handled again",
    load: async () => (await import("./commands/redrive.ts")).redriveCommand(),
  },
  {
    name: "message",
    description: "tell the whole life of one message",
    load: async () => (await import("./commands/message.ts")).messageCommand(),
  },
  {
    name: "outputs",
    description: "print what an agent put into its outbox",
    load: async () => (await import("./commands/outputs.ts")).outputsCommand(),
  },
  {
    name: "windows",
    description: "show how the agent's versions have been doing lately",
    load: async () => (await import("./commands/windows.ts")).windowsCommand(),
  },
  {
    name: "status",
    description: "show services, agents, queues and rates, and what is wrong",
    load: async () => (await import("./commands/status.ts")).statusCommand(),
  },
  {
    name: "doctor",
    description: "check everything that is known to go wrong, and say what to do about it",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  },
  {
    name: "logs",
    description: "print what an agent logs",
    load: async () => (await import("./commands/logs.ts")).logsCommand(),
  },
  {
    name: "commands",
    description: "list what was asked for on the bus, by whom, and what was answered",
    load: async () => (await import("./commands/commands.ts")).commandsCommand(),
  },
  {
    name: "api",
    description: "print what describes the API to programs: api openapi, api asyncapi",
    load: async () => {
      const { asyncApiCommand, openApiCommand } = await import("./commands/api.ts");
      return group("api", "print what describes the API to programs", openApiCommand(), asyncApiCommand());
    },
  },
];

const after = `
Examples:
  $ caxton up
  $ caxton agent build examples/quake-watch/v1.js -o quake-watch.wasm
  $ caxton deploy agent quake-watch.wasm
  $ caxton deploy agent v2.wasm --agent quake-watch --strategy canary
  $ caxton rollback quake-v2
  $ caxton send quake-watch examples/data/earthquakes.jsonl
  $ caxton outputs quake-watch
  $ caxton ledger quake-watch

\`caxton <command> --help\` shows a command's options and examples. Wherever an id is wanted, an unambiguous
abbreviation will do: the beginning, or the end of a deployment's id.

Environment:
  CAXTON_GATEWAY  where the gateway is, unless --gateway is given; else the nearest .caxton/data/caxton.json
                  from here upward says it, else it is http://127.0.0.1:7420
  NO_COLOR        no colours, also on a terminal

Exit codes:
  0  done                      5    refused by validation
  1  a fault of ours           6    something is unavailable
  2  bad input                 7    out of time
  3  not found                 130  interrupted with Ctrl-C
  4  refused by a rule`;

/** The whole command line; of the commands only the one named in `words` is there in full, the others by name. */
export async function buildProgram(words: readonly string[], version: string): Promise<Command> {
  const program = quietCommand("caxton", "Puts new versions of WebAssembly agents into live traffic.")
    .version(version, "-V, --version", "print the version")
    .usage("<command> [options]")
    // What stands behind a command is the command's own: `logs --version` means an agent's.
    .enablePositionalOptions()
    .addHelpText("after", after);
  const asked = words.find((word) => !word.startsWith("-"));
  for (const { name, description, load } of entries) {
    program.addCommand(name === asked ? await load() : quietCommand(name, description));
  }
  return program;
}

function group(name: string, description: string, ...commands: readonly Command[]): Command {
  const parent = quietCommand(name, description).usage("<command> [options]");
  for (const command of commands) parent.addCommand(command);
  return parent;
}
