export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
  /** The message being handled; absent while starting. */
  readonly messageId?: string;
}

/** What an agent writes, collected for one message and bounded. */
export interface AgentLog {
  write(level: LogLevel, text: string): void;
  writeBytes(level: LogLevel, bytes: Uint8Array): void;
  /** Begins to collect for another message. */
  begin(messageId: string | undefined): void;
  /** What standard error got since `begin`: where a runtime says why it traps. */
  standardError(): string;
  /** Takes all lines out. */
  take(): LogLine[];
}

const maxLines = 100;
const maxBytesPerMessage = 16_384;

/** A log that keeps at most 100 lines and 16 KiB of text for one message, and says how many were dropped. */
export function agentLog(): AgentLog {
  const decoder = new TextDecoder();
  let lines: LogLine[] = [];
  let messageId: string | undefined;
  let lineCount = 0;
  let bytes = 0;
  let dropped = 0;
  let stderr = "";

  function push(level: LogLevel, text: string): void {
    lines.push(messageId === undefined ? { level, text } : { level, text, messageId });
  }
  function write(level: LogLevel, text: string): void {
    if (lineCount >= maxLines || bytes + text.length > maxBytesPerMessage) {
      dropped += 1;
      return;
    }
    lineCount += 1;
    bytes += text.length;
    push(level, text);
  }
  function finish(): void {
    if (dropped > 0)
      push("warn", `${dropped} more lines were dropped: at most ${maxLines} and ${maxBytesPerMessage} bytes a message`);
    lineCount = 0;
    bytes = 0;
    dropped = 0;
    stderr = "";
  }
  return {
    write,
    writeBytes(level, written) {
      const text = decoder.decode(written.subarray(0, maxBytesPerMessage)).trimEnd();
      if (level === "error") stderr = `${stderr}${text}\n`.slice(-2_000);
      if (text !== "") write(level, text);
    },
    begin(id) {
      finish();
      messageId = id;
    },
    standardError: () => stderr.trim(),
    take() {
      finish();
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}
