import type { MessageInitShape } from "@bufbuild/protobuf";
import { CaxtonError, type ErrorCode, isErrorCode, toCaxtonError } from "@caxton/contracts/errors";
import {
  AgentDeployment,
  type GetHistoryRequestSchema,
  type InboxMessageSchema,
  type ReadEventsRequestSchema,
  type WatchDeploymentRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import type {
  CanaryRequestSchema,
  DeployRequestSchema,
  ShadowRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/deployment_commands_pb.js";
import type {
  CancelRequestSchema,
  FreezeRequestSchema,
  MoveRequestSchema,
  UndeployRequestSchema,
  UnfreezeRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/meeting_pb.js";
import {
  AgentMessages,
  type ListDeadLettersRequestSchema,
  type ReadOutputsRequestSchema,
  type ResendDeadLettersRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import type {
  ListRedrivableRequestSchema,
  RedriveRequestSchema,
  WatchRedriveRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/redrive_pb.js";
import {
  type ListCommandsRequestSchema,
  Operations,
  type ReadLogsRequestSchema,
} from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { GatewayAddress } from "./gateway-address.ts";

type Rpc = Client<typeof AgentDeployment>;
type Answer<Method extends keyof Rpc> = Awaited<ReturnType<Rpc[Method]>>;
type Streamed<Method extends keyof Rpc> = ReturnType<Rpc[Method]> extends AsyncIterable<infer Item> ? Item : never;
type OperationsRpc = Client<typeof Operations>;
type MessagesRpc = Client<typeof AgentMessages>;
type LogEntries = ReturnType<OperationsRpc["readLogs"]>;
type Context = NonNullable<MessageInitShape<typeof DeployRequestSchema>["context"]>;

/** What people decide about a deployment. */
export type DecisionVerb = "abort" | "rollback" | "promote" | "pause" | "resume" | "approve";

export interface Decision {
  readonly deploymentId: string;
  readonly context: Context;
  /** Counted from 1; of promote, pause, resume and approve. */
  readonly step?: number;
  /** Of promote. */
  readonly full?: boolean;
  /** Of promote, resume and approve: why it is done although there is a freeze. */
  readonly overrideFreeze?: string;
}

/** The state is that in which the command was accepted. */
export type Decided = Pick<Answer<"abortDeployment">, "deploymentId" | "agent" | "state">;

/** Longer than the gateway waits for an orchestrator's answer. */
const answerTimeoutMs = 20_000;
/** Of our vocabulary, set by the gateway. */
const codeHeader = "caxton-code";

/** The gateway's API; every call throws CaxtonError with the code that the gateway gave, or `gateway-unavailable`. */
export interface Gateway {
  readonly address: GatewayAddress;
  deployAgent(request: MessageInitShape<typeof DeployRequestSchema>): Promise<Answer<"deployAgent">>;
  createCanaryDeployment(
    request: MessageInitShape<typeof CanaryRequestSchema>,
  ): Promise<Answer<"createCanaryDeployment">>;
  createShadowDeployment(
    request: MessageInitShape<typeof ShadowRequestSchema>,
  ): Promise<Answer<"createShadowDeployment">>;
  getShadowReport(deploymentId: string): Promise<Answer<"getShadowReport">>;
  decide(verb: DecisionVerb, decision: Decision): Promise<Decided>;
  getDeployment(deploymentId: string): Promise<Answer<"getDeployment">>;
  listDeployments(agent: string, limit: number): Promise<Answer<"listDeployments">>;
  watchDeployment(
    request: MessageInitShape<typeof WatchDeploymentRequestSchema>,
    signal: AbortSignal,
  ): AsyncIterable<Streamed<"watchDeployment">>;
  explainDeployment(deploymentId: string): Promise<Answer<"explainDeployment">>;
  getAbReport(deploymentId: string): Promise<Answer<"getAbReport">>;
  getHistory(request: MessageInitShape<typeof GetHistoryRequestSchema>): Promise<Answer<"getHistory">>;
  getAgent(agent: string, revision?: number): Promise<Answer<"getAgent">>;
  listAgents(): Promise<Answer<"listAgents">>;
  readEvents(
    request: MessageInitShape<typeof ReadEventsRequestSchema>,
    signal?: AbortSignal,
  ): AsyncIterable<Streamed<"readEvents">>;
  getLedger(agent: string): Promise<Answer<"getLedger">>;
  getWindows(agent: string, windowMs?: number): Promise<Answer<"getWindows">>;
  sendMessages(
    agent: string,
    messages: readonly MessageInitShape<typeof InboxMessageSchema>[],
    unlessAfter?: number,
  ): Promise<Answer<"sendMessages">>;
  listDeadLetters(
    request: MessageInitShape<typeof ListDeadLettersRequestSchema>,
  ): ReturnType<MessagesRpc["listDeadLetters"]>;
  resendDeadLetters(
    request: MessageInitShape<typeof ResendDeadLettersRequestSchema>,
  ): ReturnType<MessagesRpc["resendDeadLetters"]>;
  listRedrivable(
    request: MessageInitShape<typeof ListRedrivableRequestSchema>,
    signal?: AbortSignal,
  ): ReturnType<MessagesRpc["listRedrivable"]>;
  redriveDeployment(
    request: MessageInitShape<typeof RedriveRequestSchema>,
  ): ReturnType<MessagesRpc["redriveDeployment"]>;
  watchRedrive(
    request: MessageInitShape<typeof WatchRedriveRequestSchema>,
    signal?: AbortSignal,
  ): ReturnType<MessagesRpc["watchRedrive"]>;
  listQueue(agent: string): Promise<Answer<"listQueue">>;
  moveDeployment(request: MessageInitShape<typeof MoveRequestSchema>): Promise<Answer<"moveDeployment">>;
  cancelDeployment(request: MessageInitShape<typeof CancelRequestSchema>): Promise<Answer<"cancelDeployment">>;
  freezeDeployments(request: MessageInitShape<typeof FreezeRequestSchema>): Promise<Answer<"freezeDeployments">>;
  unfreezeDeployments(request: MessageInitShape<typeof UnfreezeRequestSchema>): Promise<Answer<"unfreezeDeployments">>;
  listFreezes(): Promise<Answer<"listFreezes">>;
  aboutAgent(
    verb: "hold" | "release",
    request: { readonly agent: string; readonly context: Context },
  ): Promise<Answer<"holdAgent"> | Answer<"releaseAgent">>;
  undeployAgent(request: MessageInitShape<typeof UndeployRequestSchema>): Promise<Answer<"undeployAgent">>;
  readOutputs(
    request: MessageInitShape<typeof ReadOutputsRequestSchema>,
    signal?: AbortSignal,
  ): ReturnType<MessagesRpc["readOutputs"]>;
  /** Of the newest life of the inbox where `epoch` is empty. */
  getMessage(agent: string, sequence: number, epoch: string): ReturnType<MessagesRpc["getMessage"]>;
  readLogs(request: MessageInitShape<typeof ReadLogsRequestSchema>, signal?: AbortSignal): LogEntries;
  listCommands(
    request: MessageInitShape<typeof ListCommandsRequestSchema>,
    signal?: AbortSignal,
  ): ReturnType<OperationsRpc["listCommands"]>;
  getStatus(): ReturnType<OperationsRpc["getStatus"]>;
  getRetention(agent: string): ReturnType<OperationsRpc["getRetention"]>;
  diagnose(): ReturnType<OperationsRpc["diagnose"]>;
}

export function connectGateway(address: GatewayAddress): Gateway {
  const transport = createConnectTransport({ httpVersion: "1.1", baseUrl: address.url, useBinaryFormat: true });
  const rpc: Rpc = createClient(AgentDeployment, transport);
  const operations: OperationsRpc = createClient(Operations, transport);
  const messagesRpc: MessagesRpc = createClient(AgentMessages, transport);
  const within = { timeoutMs: answerTimeoutMs };
  const decisions: Readonly<Record<DecisionVerb, (decision: Decision) => Promise<Decided>>> = {
    abort: (decision) => rpc.abortDeployment(decision, within),
    rollback: (decision) => rpc.rollbackDeployment(decision, within),
    promote: (decision) => rpc.promoteCanary(decision, within),
    pause: (decision) => rpc.pauseDeployment(decision, within),
    resume: (decision) => rpc.resumeDeployment(decision, within),
    approve: (decision) => rpc.approveStep(decision, within),
  };
  const answer = <Result>(asked: Promise<Result>): Promise<Result> =>
    asked.catch((error: unknown) => {
      throw fromConnect(error, address);
    });
  const stream = <Item>(
    open: (signal: AbortSignal) => AsyncIterable<Item>,
    signal: AbortSignal | undefined,
  ): AsyncIterable<Item> => mapStream(open, signal, address);

  return {
    address,
    deployAgent: (request) => answer(rpc.deployAgent(request, within)),
    createCanaryDeployment: (request) => answer(rpc.createCanaryDeployment(request, within)),
    listQueue: (agent) => answer(rpc.listQueue({ agent }, within)),
    moveDeployment: (request) => answer(rpc.moveDeployment(request, within)),
    cancelDeployment: (request) => answer(rpc.cancelDeployment(request, within)),
    freezeDeployments: (request) => answer(rpc.freezeDeployments(request, within)),
    unfreezeDeployments: (request) => answer(rpc.unfreezeDeployments(request, within)),
    listFreezes: () => answer(rpc.listFreezes({}, within)),
    createShadowDeployment: (request) => answer(rpc.createShadowDeployment(request, within)),
    getShadowReport: (deploymentId) => answer(rpc.getShadowReport({ deploymentId }, within)),
    aboutAgent: (verb, request) =>
      answer<Answer<"holdAgent"> | Answer<"releaseAgent">>(
        verb === "hold" ? rpc.holdAgent(request, within) : rpc.releaseAgent(request, within),
      ),
    undeployAgent: (request) => answer(rpc.undeployAgent(request, within)),
    decide: (verb, decision) => answer(decisions[verb](decision)),
    getDeployment: (deploymentId) => answer(rpc.getDeployment({ deploymentId }, within)),
    listDeployments: (agent, limit) => answer(rpc.listDeployments({ agent, limit }, within)),
    watchDeployment: (request, signal) => stream((open) => rpc.watchDeployment(request, { signal: open }), signal),
    explainDeployment: (deploymentId) => answer(rpc.explainDeployment({ deploymentId }, within)),
    getAbReport: (deploymentId) => answer(rpc.getAbReport({ deploymentId }, within)),
    getHistory: (request) => answer(rpc.getHistory(request, within)),
    getAgent: (agent, revision) =>
      answer(rpc.getAgent({ agent, ...(revision === undefined ? {} : { revision }) }, within)),
    listAgents: () => answer(rpc.listAgents({}, within)),
    readEvents: (request, signal) => stream((open) => rpc.readEvents(request, { signal: open }), signal),
    getLedger: (agent) => answer(rpc.getLedger({ agent }, within)),
    getWindows: (agent, windowMs) =>
      answer(rpc.getWindows({ agent, ...(windowMs === undefined ? {} : { windowMs }) }, within)),
    sendMessages: (agent, messages, unlessAfter) => {
      const again = unlessAfter === undefined ? {} : { unlessAfter };
      return answer(rpc.sendMessages({ agent, messages: [...messages], ...again }, within));
    },
    listDeadLetters: (request) => answer(messagesRpc.listDeadLetters(request, within)),
    resendDeadLetters: (request) => answer(messagesRpc.resendDeadLetters(request, within)),
    listRedrivable: (request, signal) =>
      stream((open) => messagesRpc.listRedrivable(request, { signal: open }), signal),
    redriveDeployment: (request) => answer(messagesRpc.redriveDeployment(request, within)),
    watchRedrive: (request, signal) => stream((open) => messagesRpc.watchRedrive(request, { signal: open }), signal),
    readOutputs: (request, signal) => stream((open) => messagesRpc.readOutputs(request, { signal: open }), signal),
    getMessage: (agent, sequence, epoch) => answer(messagesRpc.getMessage({ agent, sequence, epoch }, within)),
    readLogs: (request, signal) => stream((open) => operations.readLogs(request, { signal: open }), signal),
    listCommands: (request, signal) => stream((open) => operations.listCommands(request, { signal: open }), signal),
    getStatus: () => answer(operations.getStatus({}, within)),
    getRetention: (agent) => answer(operations.getRetention({ agent }, within)),
    diagnose: () => answer(operations.diagnose({}, within)),
  };
}

/** A caller that leaves ends the call: Connect itself would wait for the end of a stream that goes on for ever. */
async function* mapStream<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  signal: AbortSignal | undefined,
  address: GatewayAddress,
): AsyncGenerator<Item> {
  const left = new AbortController();
  const items = open(signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]));
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } catch (error) {
    throw fromConnect(error, address);
  } finally {
    left.abort();
  }
}

/** What Connect says without the gateway having said anything: it was not reached, or the connection broke. */
const codesOfTransport: ReadonlyMap<Code, ErrorCode> = new Map([
  [Code.Unavailable, "gateway-unavailable"],
  [Code.Aborted, "gateway-unavailable"],
  [Code.DeadlineExceeded, "timeout"],
  [Code.Canceled, "cancelled"],
  [Code.Unimplemented, "not-implemented"],
  [Code.InvalidArgument, "invalid-argument"],
  [Code.ResourceExhausted, "invalid-argument"],
]);

/** The one place where Connect's errors become ours again. */
function fromConnect(error: unknown, address: GatewayAddress): CaxtonError {
  if (!(error instanceof ConnectError)) return toCaxtonError(error);
  const given = error.metadata.get(codeHeader);
  if (isErrorCode(given)) return new CaxtonError(given, error.rawMessage, { cause: error });
  const code = codesOfTransport.get(error.code) ?? "internal";
  const message =
    code === "gateway-unavailable"
      ? `no gateway at ${address.url} (${address.source}; ${error.rawMessage}); is \`caxton up\` running?`
      : code === "timeout"
        ? `the gateway at ${address.url} did not answer within ${answerTimeoutMs} ms; the work may still be going on`
        : `${error.rawMessage} (from ${address.url}, ${address.source})`;
  return new CaxtonError(code, message, { cause: error });
}
