import type { LaneStatus } from "@caxton/contracts/lane-status";
import type { AgentStatus } from "@caxton/contracts/system-status";

/** Why an agent's messages or outputs wait, in the routers' words. A router that waits keeps nobody up where nothing waits. */
export function laneWaits(lanes: readonly LaneStatus[], waitingInInbox: number): AgentStatus["waits"] {
  return lanes.flatMap(({ router, state, reason, relay = [] }) => {
    const pulls = state === "waiting" && reason !== undefined && waitingInInbox > 0 ? [{ who: router, ...reason }] : [];
    const outputs = relay.flatMap(({ target, waitsFor }) =>
      waitsFor === undefined
        ? []
        : [{ who: `the relay to ${target} (${router})`, code: waitsFor.code, message: waitsFor.message }],
    );
    return [...pulls, ...outputs];
  });
}
