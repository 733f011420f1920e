import { encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import type { AgentLogBatch, AgentLogLine } from "@caxton/contracts/agent-log";
import { logSubject } from "@caxton/contracts/subjects";
import { versionNames } from "@caxton/contracts/version-names";
import type { Logger } from "@caxton/telemetry/logger";

export interface AgentLogPublisherOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly agent: string;
  readonly version: string;
  readonly instance: string;
}

/** Lines that come within this time go out together. */
const gatherMs = 100;
/** A message of the bus holds no more text than this, and one line. */
const batchMaxChars = 128 * 1024;

/**
 * Puts what an instance logs onto the bus and into the host's own log, without ever waiting for either. How much an agent
 * may log is bounded where it runs (libs/wasm-agent/src/log-allowance.ts).
 */
export class AgentLogPublisher {
  readonly #options: AgentLogPublisherOptions;
  #lines: AgentLogLine[] = [];
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AgentLogPublisherOptions) {
    this.#options = options;
  }

  add(lines: readonly AgentLogLine[]): void {
    const { log, agent, version } = this.#options;
    for (const line of lines) {
      const { messageId, traceId } = line;
      log[line.level](
        { agent_id: agent, ...versionNames(version), message_id: messageId, trace_id: traceId },
        line.text,
      );
      this.#lines.push(line);
      this.#chars += line.text.length;
      if (this.#chars >= batchMaxChars) this.flush();
    }
    if (this.#lines.length > 0) this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  /** What the host has to say about the instance, in its place among the agent's own lines. */
  say(level: AgentLogLine["level"], text: string): void {
    this.flush();
    this.#publish("host", [{ atMs: Date.now(), level, text }]);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = [];
    this.#chars = 0;
    if (lines.length > 0) this.#publish("agent", lines);
  }

  #publish(source: AgentLogBatch["source"], lines: AgentLogLine[]): void {
    const { bus, log, agent, version, instance } = this.#options;
    const batch: AgentLogBatch = { agent, version, instance, source, lines };
    try {
      bus.publish(logSubject(agent, version), encodeJson(batch));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.debug(
        { agent_id: agent, ...versionNames(version), lines: lines.length },
        `log lines did not go onto the bus: ${reason}`,
      );
    }
  }
}
