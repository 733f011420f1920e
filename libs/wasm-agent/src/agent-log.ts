import type { AgentLogLine, LogLevel } from "@caxton/contracts/agent-log";
import { parseTraceparent } from "@caxton/contracts/trace-context";
import { logAllowance, LogAllowance } from "./log-allowance.ts";

/** What an agent writes, collected for one message and bounded. */
export interface AgentLog {
  write(level: LogLevel, text: string): void;
  writeBytes(level: LogLevel, bytes: Uint8Array): void;
  /** Begins to collect for another message. */
  begin(messageId: string | undefined, traceparent?: string): void;
  /** What standard error got since `begin`: where a runtime says why it traps. */
  standardError(): string;
  /** The message trapped: one line says why, in place of what the runtime wrote on standard error. */
  trapped(reason: string): void;
  /** Takes all lines out. */
  take(): AgentLogLine[];
}

const maxLines = 100;
const maxBytesPerMessage = 16_384;
/** How often it is said that lines were dropped because there were too many a second. */
const sayDroppedEveryMs = 1_000;

/**
 * A log that keeps at most 100 lines and 16 KiB of text for one message and no more a second than `logAllowance`, and says
 * how many it dropped.
 * @param now Unix ms
 */
export function agentLog(now: () => number = Date.now): AgentLog {
  const decoder = new TextDecoder();
  const allowance = new LogAllowance(now);
  let lines: AgentLogLine[] = [];
  let about: Pick<AgentLogLine, "messageId" | "traceId"> = {};
  let lineCount = 0;
  let bytes = 0;
  let dropped = 0;
  let tooFast = 0;
  let saidTooFastMs = 0;
  let stderr = "";
  let stderrLines = new Set<AgentLogLine>();

  function push(level: LogLevel, text: string): AgentLogLine {
    const line = { atMs: now(), level, text, ...about };
    lines.push(line);
    return line;
  }
  function write(level: LogLevel, text: string): AgentLogLine | undefined {
    if (lineCount >= maxLines || bytes + text.length > maxBytesPerMessage) {
      dropped += 1;
      return undefined;
    }
    if (!allowance.take(text.length)) {
      tooFast += 1;
      return undefined;
    }
    lineCount += 1;
    bytes += text.length;
    return push(level, text);
  }
  function sayDropped(): void {
    if (dropped > 0 && allowance.take(0))
      push("warn", `${dropped} more lines were dropped: at most ${maxLines} and ${maxBytesPerMessage} bytes a message`);
    dropped = 0;
    if (tooFast === 0 || now() - saidTooFastMs < sayDroppedEveryMs) return;
    const { linesPerSecond, bytesPerSecond } = logAllowance;
    push("warn", `${tooFast} lines were dropped: at most ${linesPerSecond} and ${bytesPerSecond} bytes a second`);
    saidTooFastMs = now();
    tooFast = 0;
  }
  function finish(): void {
    sayDropped();
    lineCount = 0;
    bytes = 0;
    stderr = "";
    stderrLines = new Set();
  }
  return {
    write,
    writeBytes(level, written) {
      const text = decoder.decode(written.subarray(0, maxBytesPerMessage)).trimEnd();
      if (level === "error") stderr = `${stderr}${text}\n`.slice(-2_000);
      if (text === "") return;
      const line = write(level, text);
      if (level === "error" && line !== undefined) stderrLines.add(line);
    },
    begin(messageId, traceparent) {
      finish();
      const traceId = parseTraceparent(traceparent)?.traceId;
      about = messageId === undefined ? {} : { messageId, ...(traceId === undefined ? {} : { traceId }) };
    },
    standardError: () => stderr.trim(),
    trapped(reason) {
      lines = lines.filter((line) => !stderrLines.has(line));
      write("error", `trapped: ${reason}`);
    },
    take() {
      finish();
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}
