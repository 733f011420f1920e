/** Every subject, stream, bucket and header on the bus, in one place (ARCHITECTURE.md lists who owns which). */

export const inboxSubject = (agent: string): string => `caxton.inbox.${agent}`;
/**
 * Of one output of one message: nobody else publishes there, so that the inbox itself says whether it is there already.
 * @param output `<source>/<epoch>/<sequence>/<index>`
 */
export const relayedSubject = (agent: string, output: string): string =>
  `caxton.inbox.${agent}.output.${output.replaceAll("/", ".")}`;
/** Of one sending of one dead letter, likewise. */
export const resentSubject = (agent: string, epoch: string, sequence: number, attempt: number): string =>
  `caxton.inbox.${agent}.resend.${epoch}.${sequence}.${attempt}`;
/** All that an inbox takes: what producers send, what other agents say, and dead letters that are sent again. */
export const inboxSubjects = (agent: string): readonly string[] => [
  inboxSubject(agent),
  `caxton.inbox.${agent}.output.*.*.*.*`,
  `caxton.inbox.${agent}.resend.*.*.*`,
];
/** In place of those, where the agent is undeployed: nobody publishes there. */
export const closedInboxSubject = (agent: string): string => `caxton.undeployed.${agent}`;
export const inboxStream = (agent: string): string => `CAXTON_INBOX_${agent}`;
/**
 * The durable pull consumer that all routers of an agent share, one for each life of its inbox: pulls and acks that mean
 * another life go nowhere.
 */
export const routerConsumer = (epoch: string): string => `router-${epoch}`;

export const outcomeSubject = (agent: string, epoch: string, sequence: number | string): string =>
  `caxton.outcome.${agent}.${epoch}.${sequence}`;
export const outcomeStream = (agent: string): string => `CAXTON_OUTCOME_${agent}`;
export const outcomeSubjects = (agent: string): string => `caxton.outcome.${agent}.*.*`;

export const outboxSubject = (agent: string, kind: string): string => `caxton.outbox.${agent}.${kind}`;
export const outboxStream = (agent: string): string => `CAXTON_OUTBOX_${agent}`;
export const outboxSubjects = (agent: string): string => `caxton.outbox.${agent}.*`;

export const commandSubject = (principal: string, agent: string, verb: string): string =>
  `caxton.commands.${principal}.${agent}.${verb}`;
/** Also those with too few parts or too many, so that they are answered and kept as well. */
export const commandSubjects = "caxton.commands.>";
export const commandStream = "CAXTON_COMMANDS";
export const commandConsumer = "orchestrator";

/** Where a command's answer is kept, one message a subject: read it again as often as needed. */
export const answerSubject = (principal: string, commandId: string): string =>
  `caxton.answers.${principal}.${commandId}`;
export const answerSubjects = "caxton.answers.*.*";
export const answerStream = "CAXTON_ANSWERS";

/** Stored events published again as CloudEvents. */
export const deploymentSubject = (agent: string, deployment: string, event: string): string =>
  `caxton.deployments.${agent}.${deployment}.${event}`;
export const deploymentSubjects = "caxton.deployments.*.*.*";
export const deploymentStream = "CAXTON_DEPLOYMENTS";
/**
 * Freezes and their ends likewise. They are in the same stream, so that they stand in one order with what they hold.
 * @param scope the agent, or `allAgents`
 */
export const freezeSubject = (scope: string, event: string): string => `caxton.freezes.${scope}.${event}`;
export const freezeSubjects = "caxton.freezes.*.*";

/** What agents log, many lines to a message (libs/contracts/src/agent-log.ts). */
export const logSubject = (agent: string, version: string): string => `caxton.logs.${agent}.${version}`;
export const logSubjects = "caxton.logs.*.*";
export const logStream = "CAXTON_LOGS";

/** Requests between services, core NATS. */
export const validateSubject = "caxton.validate";
/** What services are about to remove of what they prepared (libs/contracts/src/code-removal.ts). */
export const codeRemovalSubject = "caxton.removal";
export const ledgerSubject = (agent: string): string => `caxton.ledger.${agent}`;
export const retentionSubject = (agent: string): string => `caxton.retention.${agent}`;
export const deadLettersSubject = (agent: string): string => `caxton.deadletters.${agent}`;
/** Asks every metrics-watcher to judge a step, as long as it is said again (libs/contracts/src/watched-step.ts). */
export const watchSubject = (agent: string): string => `caxton.watch.${agent}`;
/** What they find. */
export const verdictSubject = (agent: string): string => `caxton.verdicts.${agent}`;
/** How long what routers asked a canary about has been under way. */
export const inFlightSubject = (agent: string): string => `caxton.inflight.${agent}`;
export const windowsSubject = (agent: string): string => `caxton.windows.${agent}`;
/** Requests to the instances of a version, a queue group. */
export const runSubject = (agent: string, version: string): string => `caxton.run.${agent}.${version}`;
/** An agent-host's word that it cannot start an instance of a version now (libs/contracts/src/busy.ts). */
export const busySubject = (agent: string, version: string): string => `caxton.busy.${agent}.${version}`;
/** Announces that an instance's process ended, so that nobody waits for its answers. */
export const instanceExitSubject = (agent: string, version: string): string => `caxton.exit.${agent}.${version}`;
/** Asks every router which revision of an agent's route it follows; they answer here and now, and again when it changes. */
export const routeQuerySubject = (agent: string): string => `caxton.route.query.${agent}`;
export const routeAckSubject = (agent: string): string => `caxton.route.ack.${agent}`;

/** Key-value buckets. */
export const routeBucket = "caxton-routes";
export const versionBucket = "caxton-versions";
export const slotBucket = "caxton-slots";
export const serviceBucket = "caxton-services";
/** What each router does for each agent, now. */
export const laneBucket = "caxton-lanes";
export const laneKey = (agent: string, router: string): string => `${agent}.${router}`;
export const relayBucket = "caxton-relay";
export const leaseBucket = "caxton-leases";
/** Held by the orchestrator that carries out effects and publishes events. */
export const workLeaseKey = "orchestrator.work";
/** Shadows that should be compared, and what they found; both with the key `<agent>.<deployment>`. */
export const shadowBucket = "caxton-shadows";
export const shadowReportBucket = "caxton-shadow-reports";
export const shadowKey = (agent: string, deployment: string): string => `${agent}.${deployment}`;
/** Held by whoever runs a shadow. */
export const shadowLeaseKey = (agent: string, deployment: string): string => `shadow.${agent}.${deployment}`;
export const checkpointBucket = "caxton-checkpoints";
/** What ledgers knew before they trimmed, key `<agent>`. */
export const ledgerBucket = "caxton-ledger";
export const resendBucket = "caxton-resends";
/** How far the redrives of a deployment have come. */
export const redriveBucket = "caxton-redrives";
export const redriveKey = (agent: string, deployment: string): string => `${agent}.${deployment}`;

export const versionKey = (agent: string, version: string): string => `${agent}.${version}`;
export const resendKey = (agent: string, epoch: string, sequence: number): string => `${agent}.${epoch}.${sequence}`;
export const slotKey = (agent: string, version: string, index: number): string => `${agent}.${version}.${index}`;

export const artifactBucket = "caxton-artifacts";

/** Headers of a message in an inbox. */
export const header = {
  /** The NATS message id: a producer's own, so that a repeat within the duplicate window is once. */
  messageId: "Nats-Msg-Id",
  kind: "Caxton-Kind",
  /** Messages of one conversation stay with one version. */
  conversation: "Caxton-Conversation",
  hops: "Caxton-Hops",
  /** `<source>/<epoch>/<sequence>/<index>`: which output of which message this is. */
  output: "Caxton-Output",
  /** When the outcome stream was made, the outcome's sequence in it, the output's index: where the relay goes on. */
  relayPosition: "Caxton-Relay-Position",
  /** `<epoch>/<sequence>` of the dead letter that this message repeats, with who wanted that and why. */
  repeats: "Caxton-Repeats",
  repeatedBy: "Caxton-Repeated-By",
  repeatReason: "Caxton-Repeat-Reason",
  traceparent: "traceparent",
  tracestate: "tracestate",
} as const;
