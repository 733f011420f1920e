import Type, { type TSchema } from "../type.ts";
import { AgentLogBatch } from "../agent-log.ts";
import { deploymentCloudEvents, freezeCloudEvents } from "../cloud-event.ts";
import { CommandAnswer } from "../command-answer.ts";
import { commands } from "../commands.ts";
import { DeadLettersAnswer, DeadLettersRequest } from "../dead-letters.ts";
import { LedgerAnswer } from "../ledger.ts";
import { Outcome } from "../outcome.ts";
import { RetentionAnswer } from "../retention.ts";
import {
  answerStream,
  answerSubject,
  commandStream,
  commandSubject,
  deadLettersSubject,
  deploymentStream,
  deploymentSubject,
  freezeSubject,
  inboxStream,
  inboxSubject,
  ledgerSubject,
  logStream,
  logSubject,
  outboxStream,
  outboxSubject,
  outcomeStream,
  outcomeSubject,
  retentionSubject,
  verdictSubject,
  windowsSubject,
} from "../subjects.ts";
import { WatchedStep } from "../watched-step.ts";
import { WindowsAnswer, WindowsRequest } from "../windows.ts";
import { CommandHeaders, InboxHeaders, OutboxHeaders } from "./headers.ts";

export interface Message {
  readonly payload: TSchema;
  readonly summary?: string;
  readonly headers?: TSchema;
  readonly example?: object;
  /** The field by which a message and its answer belong together. */
  readonly correlatedBy?: string;
}

export interface Channel {
  /** The subject; absent where it is whatever reply subject a request names. */
  readonly address?: string;
  /** `receive`: Caxton reads what others publish. `send`: it publishes what others may read. */
  readonly action: "receive" | "send";
  readonly summary: string;
  readonly messages: Readonly<Record<string, Message>>;
  /** The stream that holds it; absent for plain requests. */
  readonly stream?: string;
  /** The channel of its answer. */
  readonly answeredOn?: string;
}

const agent = "{agent}";

/** What of the bus is for others, by the name of the channel; addresses are what subjects.ts makes of the parameters' names. */
export const channels: Readonly<Record<string, Channel>> = {
  ...Object.fromEntries(Object.entries(commands).map(([verb, command]) => [verb, commandChannel(verb, command)])),
  answers: {
    address: answerSubject("{principal}", "{commandId}"),
    action: "send",
    summary: "What became of a command: the last one of a subject is kept, so it can be asked for later too.",
    stream: answerStream,
    messages: { answer: { payload: CommandAnswer, correlatedBy: "commandId" } },
  },
  deployments: {
    address: deploymentSubject(agent, "{deployment}", "{event}"),
    action: "send",
    summary:
      "Stored events of deployments as CloudEvents, at least once and in order. Ignore types that you do not know.",
    stream: deploymentStream,
    messages: payloads(deploymentCloudEvents),
  },
  freezes: {
    address: freezeSubject("{scope}", "{freezeEvent}"),
    action: "send",
    summary:
      "When an agent, or all of them, were frozen and that was lifted, as CloudEvents, in one order with the events of deployments. One that is over by its time has no event for that.",
    stream: deploymentStream,
    messages: payloads(freezeCloudEvents),
  },
  inbox: {
    address: inboxSubject(agent),
    action: "receive",
    summary: "Messages for an agent. What the server acknowledged ends handled or dead-lettered.",
    stream: inboxStream(agent),
    messages: {
      inboxMessage: {
        payload: Type.Unknown({
          description: "JSON of one of the kinds that the agent accepts (`caxton agent inspect`).",
        }),
        headers: InboxHeaders,
      },
    },
  },
  outbox: {
    address: outboxSubject(agent, "{kind}"),
    action: "send",
    summary: "What an agent put out, one message an output, in the order of its inbox's outcomes.",
    stream: outboxStream(agent),
    messages: {
      output: {
        payload: Type.Unknown({ description: "JSON, as the agent declares for this kind." }),
        headers: OutboxHeaders,
      },
    },
  },
  outcomes: {
    address: outcomeSubject(agent, "{epoch}", "{sequence}"),
    action: "send",
    summary: "What became of a message of an inbox: one record for each, stored once.",
    stream: outcomeStream(agent),
    messages: { outcome: { payload: Outcome } },
  },
  logs: {
    address: logSubject(agent, "{version}"),
    action: "send",
    summary: "What agents log, many lines to a message.",
    stream: logStream,
    messages: { logLines: { payload: AgentLogBatch } },
  },
  verdicts: {
    address: verdictSubject(agent),
    action: "send",
    summary:
      "What metrics-watchers find of a canary's step while it is watched, at once and every quarter of a second.",
    messages: { verdict: { payload: WatchedStep } },
  },
  ...request(
    "ledger",
    ledgerSubject(agent),
    "Where every accepted message of an agent is.",
    Type.Unknown(),
    LedgerAnswer,
  ),
  ...request(
    "retention",
    retentionSubject(agent),
    "Why an agent's inbox, outcomes and outbox hold what they hold.",
    Type.Unknown(),
    RetentionAnswer,
  ),
  ...request(
    "deadLetters",
    deadLettersSubject(agent),
    "Dead letters of an agent that are kept.",
    DeadLettersRequest,
    DeadLettersAnswer,
  ),
  ...request(
    "windows",
    windowsSubject(agent),
    "How an agent's versions have been doing lately.",
    WindowsRequest,
    WindowsAnswer,
  ),
};

function payloads(schemas: Readonly<Record<string, TSchema>>): Channel["messages"] {
  return Object.fromEntries(Object.entries(schemas).map(([event, payload]) => [event, { payload }]));
}

function commandChannel(verb: string, command: { summary: string; schema: TSchema; example: object }): Channel {
  const { summary, schema, example } = command;
  return {
    address: commandSubject("{principal}", agent, verb),
    action: "receive",
    summary,
    stream: commandStream,
    messages: { [verb]: { summary, payload: schema, headers: CommandHeaders, example, correlatedBy: "id" } },
    answeredOn: "answers",
  };
}

/** A question over core NATS, with its answer on the reply subject. */
function request(
  name: string,
  address: string,
  summary: string,
  asked: TSchema,
  answered: TSchema,
): Readonly<Record<string, Channel>> {
  const answeredOn = `${name}Answer`;
  return {
    [name]: { address, action: "receive", summary, messages: { [name]: { payload: asked } }, answeredOn },
    [answeredOn]: {
      action: "send",
      summary: "On the reply subject of the request.",
      messages: { [answeredOn]: { payload: answered } },
    },
  };
}
