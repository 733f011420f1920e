import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { evolve } from "./evolve.ts";
import { freezeAt, isLetThrough } from "./freeze.ts";
import { type Effect, next } from "./next.ts";
import { sameValue } from "./same-value.ts";
import { policyAt, settle, type Stride, walk, type Walk } from "./specification/walk.ts";
import {
  type AgentState,
  type Deployment,
  type DeploymentState,
  deploymentOf,
  initialState,
  isSettled,
  versionOf,
} from "./state.ts";
import { waitOf } from "./waiting.ts";

const choices = fc.array(fc.nat(), { maxLength: 120, size: "max" });

/** The shortest life found in which it is not so: `walk(it)` shows it. */
function lifeWhereNot(isSo: (life: Walk) => boolean): readonly number[] | undefined {
  const found = fc.check(
    fc.property(choices, (numbers) => isSo(walk(numbers))),
    { numRuns: 300 },
  );
  return found.failed ? (found.counterexample?.[0] ?? []) : undefined;
}

function strideWhereNot(isSo: (stride: Stride) => boolean): readonly number[] | undefined {
  return lifeWhereNot(({ strides }) => strides.every(isSo));
}

function stateWhereNot(isSo: (state: AgentState) => boolean): readonly number[] | undefined {
  return strideWhereNot(({ after }) => isSo(after));
}

function idsWhere(state: AgentState, is: (deployment: Deployment) => boolean): readonly string[] {
  return Object.values(state.deployments)
    .filter(is)
    .map(({ deployment }) => deployment);
}

const isNoTimer = ({ kind }: Effect): boolean => kind !== "expire";
const only = (id: string | undefined) => (id === undefined ? [] : [id]);
const targetsOf = ({ route }: AgentState) => route.targets.map(({ version }) => version);

describe("the lives told here", () => {
  it("meet every state, every event and every refusal, or the rest proves little", () => {
    const states = new Set<DeploymentState>();
    const events = new Set<string>();
    const refusals = new Set<string>();
    for (const numbers of fc.sample(choices, { numRuns: 1_000, seed: 1 })) {
      for (const { after, decision } of walk(numbers).strides) {
        for (const { state } of Object.values(after.deployments)) states.add(state);
        if (decision.ok) for (const { type } of decision.events) events.add(type);
        else refusals.add(decision.refusal.code);
      }
    }
    expect(states.size).toBe(8);
    expect(events.size).toBe(41);
    expect([...refusals].toSorted()).toEqual([
      "already-active",
      "deployment-conflict",
      "deployment-exists",
      "frozen",
      "invalid-argument",
      "no-live-version",
      "not-allowed-now",
      "nothing-to-redrive",
      "nothing-to-roll-back-to",
      "queue-full",
      "stale-queue",
      "stale-step",
    ]);
  });
});

describe("in every life of an agent", () => {
  it("shares add to 100 %, or nobody is a target", () => {
    const found = stateWhereNot(({ route: { targets } }) => {
      const sum = targets.reduce((total, { share }) => total + share, 0);
      return targets.every(({ share }) => share > 0) && sum === (targets.length === 0 ? 0 : 1);
    });
    expect(found).toBeUndefined();
  });

  it("at most one rollout is on its way, and it is the one the state names", () => {
    const found = stateWhereNot((state) => {
      const onTheirWay = idsWhere(
        state,
        (one) =>
          one.strategy !== "shadow" &&
          ["Validating", "Deploying", "Draining"].includes(one.state) &&
          one.drain?.ending !== "Retired" &&
          one.cleanup === undefined,
      );
      return sameValue(onTheirWay, only(state.rollout));
    });
    expect(found).toBeUndefined();
  });

  it("a shadow has no message, no place in line and no rollout's place, and nobody replaces it", () => {
    const found = stateWhereNot((state) => {
      const shadows = idsWhere(state, (one) => one.strategy === "shadow");
      const versions = shadows.map((id) => versionOf(state, id));
      const { rollout, active, queue } = state;
      const isBeside = shadows.every((id) => id !== rollout && id !== active && !queue.includes(id));
      return isBeside && !targetsOf(state).some((version) => versions.includes(version));
    });
    expect(found).toBeUndefined();
  });

  it("somebody waits only while another is on its way or undeployed, or while there is a freeze", () => {
    const found = strideWhereNot(({ after: { queue, rollout, undeploy }, decision, nowMs }) => {
      const mayStart = decision.ok && decision.events.length > 0 && freezeAt(policyAt(nowMs), nowMs) === undefined;
      return queue.length === 0 || rollout !== undefined || undeploy !== undefined || !mayStart;
    });
    expect(found).toBeUndefined();
  });

  it("whoever waits for nothing but the end of a freeze is asked after", () => {
    const found = stateWhereNot((state) => {
      const asked = next(state).flatMap((effect) => (effect.kind === "way" ? [effect.deployment] : []));
      const frozen = idsWhere(state, (one) => one.frozen !== undefined && one.watch === undefined);
      const first = (state.rollout ?? state.undeploy) === undefined ? state.queue.slice(0, 1) : [];
      return sameValue(asked.toSorted(), [...frozen, ...first].toSorted());
    });
    expect(found).toBeUndefined();
  });

  it("in a freeze nothing starts and no new version gets more, unless somebody said why all the same", () => {
    const found = strideWhereNot(({ before, command, decision, nowMs }) => {
      const freeze = freezeAt(policyAt(nowMs), nowMs);
      if (!decision.ok || freeze === undefined || "overrideFreeze" in command) return true;
      if (decision.events.some(({ type }) => type === "RollbackStarted")) return true;
      const moved = decision.events.filter(
        (event) => event.type === "DeploymentStarted" || (event.type === "RouteChanged" && event.targets.length > 0),
      );
      return moved.every(({ deployment: id }) => {
        const deployment = deploymentOf(before, id);
        return deployment !== undefined && isLetThrough(deployment, freeze);
      });
    });
    expect(found).toBeUndefined();
  });

  it("who is undeployed has no version that runs, and its version goes only when the inbox is as was asked", () => {
    const found = strideWhereNot(({ before, after, decision }) => {
      const gone = decision.ok && decision.events.some(({ type }) => type === "AgentUndeployed");
      if (after.undeployed !== undefined && after.active !== undefined) return false;
      if (!gone) return true;
      const { inbox, closedAtMs, emptiedAtMs } = before.undeploy ?? {};
      return closedAtMs !== undefined && (inbox === "keep" || emptiedAtMs !== undefined);
    });
    expect(found).toBeUndefined();
  });

  it("nothing runs out of time while it waits for a turn", () => {
    const found = strideWhereNot(({ before, command }) => {
      if (command.type !== "step-expired") return true;
      const deployment = deploymentOf(before, command.deployment);
      return deployment === undefined || waitOf(deployment) === undefined || next(before).every(isNoTimer);
    });
    expect(found).toBeUndefined();
  });

  it("whoever moves in the line has seen it as it is", () => {
    const found = strideWhereNot(({ before, command, decision }) => {
      if (command.type !== "move" || !decision.ok || decision.events.length === 0) return true;
      return (command.queueRevision ?? before.queueRevision) === before.queueRevision;
    });
    expect(found).toBeUndefined();
  });

  it("whoever supersedes is next, and what was on its way goes back", () => {
    const found = strideWhereNot(({ command, decision, after }) => {
      if (command.type !== "deploy" || command.onConflict !== "supersede" || !decision.ok) return true;
      if (command.strategy === "shadow") return true;
      if (decision.events.length === 0 || after.rollout === command.deployment) return true;
      const goesBack = deploymentOf(after, after.rollout)?.rollbackReason !== undefined;
      return after.queue[0] === command.deployment && (goesBack || after.undeploy !== undefined);
    });
    expect(found).toBeUndefined();
  });

  it("exactly the Queued wait, and not more than may", () => {
    const found = stateWhereNot((state) => {
      const queued = idsWhere(state, (one) => one.state === "Queued");
      return sameValue(queued.toSorted(), state.queue.toSorted()) && queued.length <= policyAt(0).maxQueued;
    });
    expect(found).toBeUndefined();
  });

  it("exactly the active deployment is Running, and its processes are wanted", () => {
    const found = stateWhereNot((state) => {
      const running = idsWhere(state, (one) => one.state === "Running" && one.processes === "wanted");
      return sameValue(running, only(state.active));
    });
    expect(found).toBeUndefined();
  });

  it("messages go only to versions whose processes are wanted, and never to one that is closed", () => {
    const found = stateWhereNot((state) => {
      const wanted = idsWhere(state, (one) => one.processes === "wanted").map((id) => versionOf(state, id));
      const closed = state.route.closed.map(({ version }) => version);
      return targetsOf(state).every((version) => wanted.includes(version) && !closed.includes(version));
    });
    expect(found).toBeUndefined();
  });

  it("no version is drained or stopped while messages go to it", () => {
    const found = stateWhereNot((state) =>
      next(state).every(
        (effect) => !(effect.kind === "drain" || effect.kind === "stop") || !targetsOf(state).includes(effect.version),
      ),
    );
    expect(found).toBeUndefined();
  });

  it("messages have somewhere to go from the first Running on, until it is undeployed", () => {
    const found = stateWhereNot(
      ({ active, route, undeploy }) => active === undefined || undeploy !== undefined || route.targets.length > 0,
    );
    expect(found).toBeUndefined();
  });

  it("revisions of the route only grow, one by one", () => {
    const found = lifeWhereNot(({ events }) => {
      const changes: readonly string[] = ["RouteChanged", "AgentHeld", "AgentReleased"];
      const revisions = events.flatMap((event) =>
        changes.includes(event.type) && "revision" in event ? [event.revision] : [],
      );
      return revisions.every((revision, index) => revision === index + 1);
    });
    expect(found).toBeUndefined();
  });

  it("a rollback brings back what ran when the deployment started", () => {
    const found = strideWhereNot(({ before, decision, after }) => {
      if (!decision.ok || !decision.events.some(({ type }) => type === "RollbackStarted")) return true;
      const { rollout } = after;
      const restored = rollout === before.active ? deploymentOf(before, rollout)?.replaces : before.active;
      return after.active === restored && sameValue(targetsOf(after), only(versionOf(before, restored)));
    });
    expect(found).toBeUndefined();
  });

  it("what was replaced is kept warm at most once, and not while it runs", () => {
    const found = stateWhereNot((state) => {
      const warm = idsWhere(state, (one) => one.cleanup !== undefined && one.drain === undefined);
      return warm.length <= 1 && !only(state.active).includes(warm[0] ?? "");
    });
    expect(found).toBeUndefined();
  });

  it("a canary goes further by itself only when its time is over and it passed", () => {
    const found = strideWhereNot(({ before, command, decision, nowMs }) => {
      if (command.type !== "verdict" || !decision.ok) return true;
      const { watch, pausedAtMs } = deploymentOf(before, command.deployment) ?? {};
      const moved = decision.events.some(({ type }) => type === "RouteChanged" || type === "ApprovalAwaited");
      const back = decision.events.some(({ type }) => type === "RollbackStarted");
      const due = watch !== undefined && nowMs >= watch.endsAtMs && pausedAtMs === undefined;
      return !moved || back || (command.verdict.outcome === "pass" && due);
    });
    expect(found).toBeUndefined();
  });

  it("a version that is to be warmed up gets no message before it was, and none where that went badly", () => {
    const found = lifeWhereNot(({ events, state }) => {
      const isToBeWarm = (version: string) =>
        Object.values(state.deployments).some(
          (one) => one.version === version && one.plan.some(({ kind }) => kind === "warm-up"),
        );
      const warm = new Set<string>();
      return events.every((event) => {
        if (event.type === "VersionWarmedUp" && event.warmUp.regressed === 0) warm.add(event.version);
        if (event.type !== "RouteChanged") return true;
        return event.targets.every(({ version }) => !isToBeWarm(version) || warm.has(version));
      });
    });
    expect(found).toBeUndefined();
  });

  it("whoever is looked for has all messages, and the version that would take over is there", () => {
    const found = stateWhereNot((state) =>
      next(state).every((effect) => {
        if (effect.kind !== "guard") return true;
        const wanted = idsWhere(state, (one) => one.processes === "wanted").map((id) => versionOf(state, id));
        return sameValue(targetsOf(state), [effect.version]) && wanted.includes(effect.before);
      }),
    );
    expect(found).toBeUndefined();
  });

  it("nothing is removed of an artifact that a deployment needs", () => {
    const found = strideWhereNot(({ before, decision }) => {
      if (!decision.ok) return true;
      return decision.events.every((event) => {
        if (event.type !== "ArtifactRemoved" && event.type !== "PreparedCodeRemoved") return true;
        const users = Object.values(before.deployments).filter(({ artifact }) => artifact.digest === event.digest);
        const targets = targetsOf(before);
        return users.every(
          ({ deployment, processes, version = "" }) =>
            !["wanted", "unwanted"].includes(processes) &&
            !targets.includes(version) &&
            ![...before.queue, before.rollout, before.active].includes(deployment),
        );
      });
    });
    expect(found).toBeUndefined();
  });

  it("no two deployments bring the same version", () => {
    const found = stateWhereNot(({ deployments }) => {
      const versions = Object.values(deployments).flatMap(({ version }) => version ?? []);
      return new Set(versions).size === versions.length;
    });
    expect(found).toBeUndefined();
  });

  it("no two effects have the same key", () => {
    const found = stateWhereNot((state) => {
      const keys = next(state).map(({ key }) => key);
      return new Set(keys).size === keys.length;
    });
    expect(found).toBeUndefined();
  });

  it("a command said again changes nothing", () => {
    const found = strideWhereNot(({ command, after, decision, nowMs }) => {
      const again = decide(command, after, policyAt(nowMs), nowMs);
      return !decision.ok || (again.ok && again.events.length === 0);
    });
    expect(found).toBeUndefined();
  });

  it("a request's id said again with anything else changes nothing", () => {
    const found = strideWhereNot(({ command, after, decision, nowMs }) => {
      // Whatever comes may let the next in line start, once a freeze is over: that is not what was asked for.
      const hasChanged = decision.ok && decision.events.some(({ type }) => type !== "DeploymentStarted");
      if (!hasChanged || !("reason" in command || command.type === "deploy") || command.type === "busy") return true;
      const { commandId, actor } = command;
      return Object.keys(after.deployments).every((deployment) => {
        const again = decide(
          { type: "abort", deployment, reason: "again", commandId, actor },
          after,
          policyAt(nowMs),
          nowMs,
        );
        return again.ok && again.events.length === 0;
      });
    });
    expect(found).toBeUndefined();
  });

  it("the state folded from the events is the state, and asks for the same effects", () => {
    const found = lifeWhereNot(({ events, state }) => {
      const folded = events.reduce(evolve, initialState);
      return sameValue(folded, state) && sameValue(next(folded), next(state));
    });
    expect(found).toBeUndefined();
  });

  it("good news alone leads everything to its end, from any point", () => {
    const found = lifeWhereNot((life) => {
      const { state } = settle(life);
      const ended = Object.values(state.deployments).every(
        (one) => isSettled(one.state) && (one.state === "Running" || ["none", "gone"].includes(one.processes)),
      );
      const routed = state.appliedRevision === state.route.revision && state.route.closed.length === 0;
      const idle = state.rollout === undefined && state.undeploy === undefined && state.queue.length === 0;
      return ended && routed && idle;
    });
    expect(found).toBeUndefined();
  });
});
