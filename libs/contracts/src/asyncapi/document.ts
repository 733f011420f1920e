import manifest from "../../package.json" with { type: "json" };
import { deploymentCloudEvents, freezeCloudEvents } from "../cloud-event.ts";
import { inboxMessageMaxBytes, outcomeMaxBytes } from "../limits.ts";
import { inboxStream, outboxStream, outcomeStream } from "../subjects.ts";
import { systemStreams } from "../system-streams.ts";
import { type Channel, channels, type Message } from "./channels.ts";

type Part = Readonly<Record<string, unknown>>;

const parameters: Readonly<Partial<Record<string, Part>>> = {
  principal: { description: "Who sends, 1 to 64 of A-Z, a-z, 0-9, '-' and '_'; nats-server's permissions can pin it." },
  agent: { description: "1 to 48 of a-z, 0-9 and '-', beginning with a letter." },
  commandId: { description: "The command's id; `seq-<n>` or `refused-<uuid>` where it had none that could be read." },
  deployment: { description: "The deployment's UUID." },
  event: { description: "The type of the event.", enum: Object.keys(deploymentCloudEvents) },
  scope: { description: "The agent, or `_all`." },
  freezeEvent: { description: "The type of the event.", enum: Object.keys(freezeCloudEvents) },
  kind: { description: "The kind of output, 1 to 64 of A-Z, a-z, 0-9, '-' and '_'." },
  epoch: { description: "One life of the inbox." },
  sequence: { description: "Of the message in the inbox." },
  version: { description: "The version's id." },
};

const largest: Readonly<Partial<Record<string, number>>> = {
  ...Object.fromEntries(systemStreams.map(({ name, maxMessageBytes }) => [name, maxMessageBytes])),
  [inboxStream("{agent}")]: inboxMessageMaxBytes,
  [outcomeStream("{agent}")]: outcomeMaxBytes,
  [outboxStream("{agent}")]: outcomeMaxBytes,
};
const ages = new Map(systemStreams.map(({ name, maxAgeMs }) => [name, maxAgeMs]));

/** The bus as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0), from the schemas the code checks with. */
export function asyncApiDocument(): Part {
  const messages = Object.values(channels).flatMap((channel) => Object.entries(channel.messages));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Caxton Deploy",
      version: manifest.version,
      description:
        "What is on the bus for others: commands with their answers, events of deployments and freezes, messages of agents. Publish into a stream as a request: the server's reply is its word that it is stored. docs/commands.md tells it in prose; the gateway's HTTP API is described in /openapi.json.",
    },
    defaultContentType: "application/json",
    servers: {
      nats: {
        host: "{host}",
        protocol: "nats",
        description: "nats-server with JetStream.",
        variables: { host: { default: "127.0.0.1:4222", description: "`caxton up` says where it is." } },
      },
    },
    channels: mapValues(channels, channelPart),
    operations: mapValues(asked, operationPart),
    components: { messages: Object.fromEntries(messages.map(([name, message]) => [name, messagePart(name, message)])) },
  };
}

const answered = new Set(Object.values(channels).map(({ answeredOn }) => answeredOn));
/** An answer is part of what it answers. */
const asked = Object.fromEntries(Object.entries(channels).filter(([name]) => !answered.has(name)));

function channelPart({ address, summary, stream, messages }: Channel): Part {
  const names = [...(address ?? "").matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return {
    address: address ?? null,
    summary,
    messages: mapValues(messages, (_message, name) => ({ $ref: `#/components/messages/${name}` })),
    ...(names.length === 0 ? {} : { parameters: Object.fromEntries(names.map((name) => [name, parameters[name]])) }),
    ...(stream === undefined ? {} : { "x-stream": streamPart(stream) }),
  };
}

function streamPart(name: string): Part {
  const maxAgeMs = ages.get(name);
  return { name, maxMessageBytes: largest[name], ...(maxAgeMs === undefined ? {} : { maxAgeMs }) };
}

function operationPart({ action, summary, messages, answeredOn }: Channel, name: string): Part {
  return {
    action,
    summary,
    channel: { $ref: `#/channels/${name}` },
    messages: messageRefs(name, messages),
    ...(answeredOn === undefined
      ? {}
      : {
          reply: {
            channel: { $ref: `#/channels/${answeredOn}` },
            messages: messageRefs(answeredOn, channels[answeredOn]?.messages ?? {}),
          },
        }),
  };
}

function messageRefs(channel: string, messages: Channel["messages"]): readonly Part[] {
  return Object.keys(messages).map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));
}

function messagePart(name: string, { payload, summary, headers, example, correlatedBy }: Message): Part {
  return {
    name,
    ...(summary === undefined ? {} : { summary }),
    ...(headers === undefined ? {} : { headers }),
    payload,
    ...(example === undefined ? {} : { examples: [{ name, payload: example }] }),
    ...(correlatedBy === undefined ? {} : { correlationId: { location: `$message.payload#/${correlatedBy}` } }),
  };
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value, key: string) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
