import { type AgentLog, agentLog } from "./agent-log.ts";
import { TextTooLarge } from "./bounded-text.ts";
import type { Contract } from "./contract.ts";
import type { AgentInstance, WitOutput } from "./instantiate.ts";
import type { AgentAnswer, AgentFailureCode, AgentMessage, AgentOutput } from "./runner-protocol.ts";
import { trapReason } from "./trap-reason.ts";

export interface MessageHandlerOptions {
  readonly make: (log: AgentLog) => AgentInstance;
  readonly configuration: string;
  readonly outputMaxBytes: number;
  readonly recycleAfterMessages: number;
}

/** Owns an instance and gives it one message after the other, replacing it after a trap and every so often. */
export interface MessageHandler {
  readonly log: AgentLog;
  describe(): string;
  handle(contract: Contract, message: AgentMessage): AgentAnswer;
  /** The largest the instances' memories were. */
  memoryPeakBytes(): number;
}

export function messageHandler(options: MessageHandlerOptions): MessageHandler {
  const log = agentLog();
  let instance = options.make(log);
  let memoryPeakBytes = instance.memoryBytes();
  let handled = 0;

  function replace(): void {
    memoryPeakBytes = Math.max(memoryPeakBytes, instance.memoryBytes());
    instance = options.make(log);
    handled = 0;
  }
  function handle(contract: Contract, message: AgentMessage): AgentAnswer {
    const kind = contract.kindOf(message.kind);
    const invalid = contract.checkInput(kind, message.body);
    if (invalid !== undefined) return failed("message-invalid", invalid, 0);
    log.begin(message.id, message.traceparent);
    const startedMs = performance.now();
    const latencyMs = () => performance.now() - startedMs;
    try {
      const { id, conversation, body } = message;
      const result = instance.handle({ id, kind, conversation, body }, options.configuration);
      const tookMs = latencyMs();
      if (!result.ok)
        return failed("agent-failure", result.failure.reason.slice(0, 1_000), tookMs, result.failure.retry);
      return checked(contract, result.outputs, options.outputMaxBytes, tookMs);
    } catch (error) {
      const tookMs = latencyMs();
      const reason = trapReason(error, log.standardError());
      log.trapped(reason);
      replace();
      return failed(error instanceof TextTooLarge ? "output-too-large" : "agent-trap", reason, tookMs);
    } finally {
      handled += 1;
      if (handled >= options.recycleAfterMessages) replace();
    }
  }
  return {
    log,
    describe: () => instance.describe(),
    handle,
    memoryPeakBytes: () => Math.max(memoryPeakBytes, instance.memoryBytes()),
  };
}

function failed(code: AgentFailureCode, reason: string, latencyMs: number, retry = false): AgentAnswer {
  return { result: "failed", code, reason, retry, latencyMs };
}

function checked(contract: Contract, said: readonly WitOutput[], maxBytes: number, latencyMs: number): AgentAnswer {
  const outputs: AgentOutput[] = [];
  let bytes = 0;
  for (const { to, kind, body } of said) {
    bytes += Buffer.byteLength(body) + kind.length + (to?.length ?? 0);
    if (bytes > maxBytes) {
      const reason = `the ${said.length} outputs have more than the ${maxBytes} bytes allowed for one message`;
      return failed("output-too-large", reason, latencyMs);
    }
    const undeclared = contract.checkOutput(kind, to, body);
    if (undeclared !== undefined) return failed("output-undeclared", undeclared, latencyMs);
    outputs.push(to === undefined ? { kind, body } : { to, kind, body });
  }
  return { result: "handled", outputs, latencyMs };
}
