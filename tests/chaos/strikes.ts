import process from "node:process";
import { workLeaseKey } from "@caxton/contracts/subjects";
import { expect } from "vitest";
import { isAlive } from "../harness/is-alive.ts";
import { leaseHolder } from "../harness/leases.ts";
import { relayHolder } from "../harness/relay-lanes.ts";
import { ackWaitMs, agent, instancePids, type Scene } from "./scene.ts";
import { othersDecide, othersHost } from "./turning-points.ts";

/** What is done to a scene in the middle of a replacement. */
export interface Fault {
  readonly what: string;
  /** The event of the replacement at which it strikes. */
  readonly at: string;
  readonly strike: (scene: Scene, version: string) => Promise<void>;
}

/** @param what as in "kill -9 of …" */
export const killed = (what: string, name: string, at: string): Fault => ({
  what: `kill -9 of ${what}`,
  at,
  async strike({ cluster }) {
    await cluster.kill(name);
    await cluster.restart(name);
  },
});

export const killedRelay: Fault = {
  what: "kill -9 of the router that relays",
  at: "VersionReady",
  async strike({ bus, cluster }) {
    const router = await relayHolder(bus, agent);
    await cluster.kill(router);
    await cluster.restart(router);
  },
};

export const killedVersion: Fault = {
  what: "kill -9 of every process of the new version",
  at: "VersionReady",
  async strike(scene, version) {
    const pids = await instancePids(scene, version);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, "SIGKILL");
  },
};

export const killedServer: Fault = {
  what: "kill -9 of nats-server, started again on the same data",
  at: "VersionReady",
  strike: ({ cluster }) => cluster.nats.restart(),
};

/** Longer than the ack wait: it is over when what the router had been given is decided by the other. */
export const frozenRouter: Fault = {
  what: "a router frozen until the other has decided what it held, then continued",
  at: "VersionReady",
  async strike(scene) {
    const router = await relayHolder(scene.bus, agent);
    let longestMs = 0;
    // It may be struck between two requests, when it has been given nothing; then it shows nothing, and is struck again.
    for (let times = 0; times < 10 && longestMs <= ackWaitMs * 0.9; times += 1) {
      scene.cluster.freeze(router);
      longestMs = await othersDecide(scene);
      scene.cluster.thaw(router);
    }
    expect(longestMs).toBeGreaterThan(ackWaitMs * 0.9);
  },
};

/** Of two: what relays dies, and what could take over stands still. */
export const killedRelayBesideFrozenRouter: Fault = {
  what: "kill -9 of the router that relays while the other is frozen, then continued",
  at: "VersionReady",
  async strike(scene) {
    const relaying = await relayHolder(scene.bus, agent);
    const other = relaying === "router" ? "router-2" : "router";
    scene.cluster.freeze(other);
    await scene.cluster.kill(relaying);
    await scene.cluster.restart(relaying);
    await othersDecide(scene);
    scene.cluster.thaw(other);
  },
};

/** Of at least two. */
export const frozenInstance: Fault = {
  what: "a process of the new version frozen until what it was asked is decided by another, then continued",
  at: "RouteChanged",
  async strike(scene, version) {
    const [pid] = await instancePids(scene, version);
    if (pid === undefined) throw new Error(`${version} has no process`);
    process.kill(pid, "SIGSTOP");
    await othersDecide(scene);
    // A host that ended it in the meantime has done its work.
    if (isAlive(pid)) process.kill(pid, "SIGCONT");
  },
};

/** Of two. */
export const frozenHost: Fault = {
  what: "an agent-host frozen until the other has taken its slots, then continued",
  at: "RouteChanged",
  async strike(scene, version) {
    scene.cluster.freeze("agent-host");
    await othersHost(scene, version, 2, "agent-host");
    scene.cluster.thaw("agent-host");
  },
};

export const killedHosts: Fault = {
  what: "kill -9 of both hosts at once",
  at: "RouteChanged",
  async strike({ cluster }) {
    const hosts = ["agent-host", "agent-host-2"];
    await Promise.all(hosts.map((host) => cluster.kill(host)));
    await Promise.all(hosts.map((host) => cluster.restart(host)));
  },
};

/** Of two. */
export const frozenOrchestrator: Fault = {
  what: "the orchestrator at work frozen until the other has taken over, then continued",
  at: "ValidationPassed",
  async strike({ bus, cluster }) {
    const holder = await leaseHolder(bus, workLeaseKey);
    const [name = ""] = holder.split(".");
    cluster.freeze(name);
    await leaseHolder(bus, workLeaseKey, holder);
    cluster.thaw(name);
  },
};
