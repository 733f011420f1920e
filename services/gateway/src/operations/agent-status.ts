import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, StreamInfo } from "@caxton/bus/types";
import { hasCode } from "@caxton/contracts/errors";
import { type Ledger, ledgerAnswer } from "@caxton/contracts/ledger";
import { epochOf } from "@caxton/contracts/outcome";
import { inboxStream, ledgerSubject, outcomeStream, routerConsumer, windowsSubject } from "@caxton/contracts/subjects";
import type { AgentStatus, InboxStatus, OutcomesStatus, RelayStatus } from "@caxton/contracts/system-status";
import { type Windows, windowsAnswer } from "@caxton/contracts/windows";
import { type Freeze, freezeText } from "@caxton/deployment/freeze";
import { type AgentState, type Deployment, deploymentOf, stepOf, versionOf } from "@caxton/deployment/state";
import type { AgentView } from "../core/agent-view.ts";
import { pullWaits, relayWaits } from "../core/lane-waits.ts";
import { stoppageOf } from "../core/stoppage.ts";
import { ratesOf, versionStatuses } from "../core/version-status.ts";
import type { Placement } from "./placement.ts";

/** Who does not answer within this time is left out. */
const answerTimeoutMs = 2_000;

/** How an agent is now. @throws CaxtonError `bus-unavailable` */
export async function agentStatus(
  bus: Bus,
  view: AgentView,
  placement: Placement,
  freezes: readonly Freeze[],
  nowMs: number,
): Promise<AgentStatus> {
  const { agent, state } = view;
  const lanes = placement.lanes.filter((lane) => lane.agent === agent);
  const [inbox, outcomes, ledger, windows] = await Promise.all([
    inboxStatus(bus, agent, nowMs),
    bus.streams.info(outcomeStream(agent)),
    askLedger(bus, agent),
    askWindows(bus, agent),
  ]);
  const relay = outcomes === undefined ? [] : await relayStatus(bus, agent, outcomes, { ...placement, lanes }, nowMs);
  const lately = windows?.versions ?? [];
  const activeVersion = versionOf(state, state.active);
  const rollout = deploymentOf(state, state.rollout);
  return {
    agent,
    ...(activeVersion === undefined ? {} : { activeVersion }),
    ...(rollout === undefined ? {} : { rollout: rolloutStatus(rollout) }),
    queued: state.queue.length,
    ...stoppedOf(state),
    ...(freezes[0] === undefined ? {} : { frozen: freezeText(freezes[0]) }),
    routeRevision: state.route.revision,
    appliedRouteRevision: state.appliedRevision,
    versions: versionStatuses({
      targets: state.route.targets,
      specs: placement.specs.filter((spec) => spec.agent === agent),
      slots: placement.slots.filter((slot) => slot.agent === agent),
      windows: lately,
    }),
    ...(inbox === undefined ? {} : { inbox }),
    ...(outcomes === undefined ? {} : { outcomes: filled(outcomes) }),
    ...ratesOf(lately),
    ...(ledger === undefined ? {} : { deadLettered: ledger.deadLettered }),
    faults: (ledger?.faults ?? []).map(({ code, message }) => ({ code, message })),
    relay,
    waits: pullWaits(lanes, inbox?.waiting ?? 0),
  };
}

function rolloutStatus(rollout: Deployment): NonNullable<AgentStatus["rollout"]> {
  const { deployment, version = "", state } = rollout;
  const waits = state === "Deploying" && stepOf(rollout)?.kind === "approve";
  return { deployment, version, state, ...(waits ? { waitsForApproval: true } : {}) };
}

function stoppedOf(state: AgentState): Pick<AgentStatus, "stopped"> {
  const stopped = stoppageOf(state);
  if (stopped === undefined) return {};
  const { what, actor, reason, atMs } = stopped;
  return { stopped: { what, actor, reason, sinceMs: atMs } };
}

async function inboxStatus(bus: Bus, agent: string, nowMs: number): Promise<InboxStatus | undefined> {
  const name = inboxStream(agent);
  const info = await bus.streams.info(name);
  if (info === undefined) return undefined;
  const epoch = epochOf(info.createdAtMs);
  const shared = routerConsumer(epoch);
  const consumer = (await bus.streams.consumers(name)).find((one) => one.name === shared);
  // Where no router has ever been, everything waits.
  const { ackFloor, ackPending, pending } = consumer ?? { ackFloor: 0, ackPending: 0, pending: info.messages };
  const waiting = pending + ackPending;
  const oldest = waiting === 0 ? undefined : await bus.streams.get(name, Math.max(ackFloor + 1, info.firstSequence));
  return {
    epoch,
    ...filled(info),
    lastSequence: info.lastSequence,
    waiting,
    inFlight: ackPending,
    ...(oldest === undefined ? {} : { oldestWaitingMs: Math.max(0, nowMs - oldest.storedAtMs) }),
  };
}

function filled({ messages, bytes, spec: { maxBytes, maxMessages } }: StreamInfo): OutcomesStatus {
  return { messages, bytes, maxBytes, ...(maxMessages === undefined ? {} : { maxMessages }) };
}

async function relayStatus(
  bus: Bus,
  agent: string,
  outcomes: StreamInfo,
  { checkpoints, lanes }: Pick<Placement, "checkpoints" | "lanes">,
  nowMs: number,
): Promise<RelayStatus[]> {
  const waits = relayWaits(lanes);
  const epochMs = Math.trunc(outcomes.createdAtMs);
  const own = checkpoints.filter(({ key, value }) => key.startsWith(`${agent}.`) && value.outcomeEpochMs === epochMs);
  return await Promise.all(
    own.map(async ({ key, value }): Promise<RelayStatus> => {
      const target = key.slice(agent.length + 1).replace(/^to\./, "");
      const behind = Math.max(0, outcomes.lastSequence - value.outcomeSequence);
      const first = behind === 0 ? undefined : await bus.streams.get(outcomes.name, value.outcomeSequence + 1);
      const waitsFor = waits.get(target);
      return {
        target,
        behind,
        ...(first === undefined ? {} : { oldestMs: Math.max(0, nowMs - first.storedAtMs) }),
        ...(waitsFor === undefined ? {} : { waitsFor: { code: waitsFor.code, message: waitsFor.message } }),
      };
    }),
  );
}

async function askLedger(bus: Bus, agent: string): Promise<Ledger | undefined> {
  const answer = ledgerAnswer.check(await ask(bus, ledgerSubject(agent)));
  return answer.ok ? answer.ledger : undefined;
}

async function askWindows(bus: Bus, agent: string): Promise<Windows | undefined> {
  const answer = windowsAnswer.check(await ask(bus, windowsSubject(agent)));
  return answer.ok ? answer.windows : undefined;
}

const nobody = { ok: false, error: { code: "no-instance", message: "nobody answers" } };

async function ask(bus: Bus, subject: string): Promise<unknown> {
  try {
    return decodeJson((await bus.request(subject, encodeJson({}), { timeoutMs: answerTimeoutMs })).data);
  } catch (error) {
    if (hasCode(error, "no-instance", "timeout")) return nobody;
    throw error;
  }
}
