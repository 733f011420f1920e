import type { DeploymentEvent } from "./event.ts";
import type { Redrive } from "./redrive.ts";

type RedriveEvent = DeploymentEvent & { readonly type: "RedriveStarted" | "RedriveStopped" | "RedriveFinished" };

/** The redrive after one more event. */
export function redriven(redrive: Redrive | undefined, event: RedriveEvent): { readonly redrive?: Redrive } {
  const { number, atMs } = event;
  if (event.type === "RedriveStarted") {
    const { actor, reason, failedOnly, limit } = event;
    const scope = { failedOnly, ...(limit === undefined ? {} : { limit }) };
    return { redrive: { number, actor, reason, ...scope, state: "going", startedAtMs: atMs } };
  }
  if (redrive?.number !== number) return {};
  if (event.type === "RedriveStopped") return { redrive: { ...redrive, state: "stopped", endedAtMs: atMs } };
  return { redrive: { ...redrive, state: "finished", endedAtMs: atMs, tally: event.tally } };
}
