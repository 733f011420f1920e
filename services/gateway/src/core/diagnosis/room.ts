import type { Finding } from "@caxton/contracts/system-status";
import { ok, problem, some, warning } from "./finding.ts";

/** What streams of ours may come to hold, which nats-server sets aside for them. */
export interface RoomFacts {
  readonly reservedBytes: number;
  /** What the server may set aside in all; undefined where nobody says. */
  readonly limitBytes: number | undefined;
  /** What one more agent's streams would take; 0 where they are limited in messages, for which nothing is set aside. */
  readonly perAgentBytes: number;
}

/** With fewer it is time to make room. */
const fewAgents = 5;
const advice =
  "give nats-server more storage (max_file_store, or the account's limit), or agents that are new less: CAXTON_INBOX_MAX_BYTES and CAXTON_OUTCOME_MAX_BYTES of the orchestrator. Streams that are there keep theirs";

/** How many more agents fit. */
export function checkRoom({ reservedBytes, limitBytes, perAgentBytes }: RoomFacts): Finding {
  const reserved = `${gibibytes(reservedBytes)} are set aside for streams`;
  if (perAgentBytes === 0)
    return ok(
      "room",
      `${reserved}; agents are limited in messages here, for which nothing is set aside: watch the disk`,
    );
  const each = `an agent's take ${gibibytes(perAgentBytes)}`;
  if (limitBytes === undefined)
    return ok(
      "room",
      `${reserved}, ${each}; how much there is in all cannot be asked over the wire (max_file_store, else three quarters of what was free when nats-server started; CAXTON_BUS_STORAGE_MAX_BYTES tells the gateway)`,
    );
  const more = Math.max(0, Math.floor((limitBytes - reservedBytes) / perAgentBytes));
  const seen = `${reserved}, of ${gibibytes(limitBytes)}; ${each}, so ${some(more, "more agent fits", "more agents fit")}`;
  if (more === 0) return problem("room", seen, `an agent that is new is not deployed: ${advice}`);
  return more < fewAgents ? warning("room", seen, advice) : ok("room", seen);
}

const gibibytes = (count: number): string => `${(count / 1024 ** 3).toFixed(1)} GiB`;
