import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { toCaxtonError } from "@caxton/contracts/errors";
import { inFlightSubject } from "@caxton/contracts/subjects";
import type { InFlight } from "@caxton/contracts/watched-step";
import type { Logger } from "@caxton/telemetry/logger";

const everyMs = 250;

export interface InFlightReportOptions {
  readonly bus: Pick<Bus, "publish">;
  readonly log: Logger;
  readonly agent: string;
  /** undefined while the route has no canary. */
  inFlightNow(): InFlight | undefined;
}

/** Says how long messages have been at a canary, so that one that hangs is seen before its deadlines pass. */
export class InFlightReport {
  readonly #timer: NodeJS.Timeout;

  constructor(options: InFlightReportOptions) {
    this.#timer = setInterval(() => report(options), everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

function report(options: InFlightReportOptions): void {
  const { bus, log, agent } = options;
  const now = options.inFlightNow();
  if (now === undefined) return;
  try {
    bus.publish(inFlightSubject(agent), encodeJson(now));
  } catch (error) {
    // The next one says it.
    log.debug({ agent_id: agent }, `messages in flight not reported: ${toCaxtonError(error).message}`);
  }
}
