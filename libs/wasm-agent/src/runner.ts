import type { AgentLogLine } from "@caxton/contracts/agent-log";
import type { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError } from "@caxton/contracts/errors";
import { parseDescription } from "./description.ts";
import { compileModules } from "./instantiate.ts";
import type { AgentAnswer, AgentMessage, WorkerRequest } from "./runner-protocol.ts";
import { openThread, type RunnerThread, startThread, type ThreadOptions } from "./runner-thread.ts";

export interface RunnerOptions {
  /** From `prepareComponent`, which also set the memory limit. */
  readonly preparedDir: string;
  /** The version's configuration as JSON text. */
  readonly configuration: string;
  readonly messageTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly outputMaxBytes: number;
  /** Instances are replaced after so many messages, because guests have leaked (jco #937); it costs 1.5 ms. */
  readonly recycleAfterMessages?: number;
  readonly onLog?: (lines: readonly AgentLogLine[]) => void;
  /** From `openThread`, before it was known for which agent; the agent starts in it, once. */
  readonly thread?: ReturnType<typeof openThread>;
}

export interface RunnerStart {
  /** Compiling, instantiating and describing. */
  readonly startMs: number;
  readonly instantiateMs: number;
  readonly describeMs: number;
}

/** An agent at work in a thread of this process. */
export interface Runner {
  readonly start: RunnerStart;
  /** What `describe()` said at the start, unchecked. */
  readonly descriptionText: string;
  /** The largest the component's memories were after any batch so far. */
  readonly memoryPeakBytes: number;
  /**
   * Checks and compiles what the agent says about itself; needed before messages are handled or checked.
   * @throws CaxtonError `description-invalid`, `schema-invalid`, `example-invalid`, `start-timeout`
   */
  loadContract(): Promise<AgentDescription>;
  /** What keeps the contract from allowing the configuration, or undefined. @throws CaxtonError `start-timeout` */
  checkConfiguration(): Promise<string | undefined>;
  /** For each message what keeps the agent from being given it, without running it. @throws CaxtonError `start-timeout` */
  checkMessages(messages: readonly AgentMessage[]): Promise<readonly (string | undefined)[]>;
  /**
   * An answer for each message, in order, within about `budgetMs`. Messages run one after the other; one that runs past
   * the message timeout is ended with its thread, and the others go on in a fresh one, or are `unfinished` where the batch
   * is to end with it. Batches wait for each other, and the wait counts against the budget.
   * @throws CaxtonError `start-failed`, `start-timeout` if the agent could not be started again: this runner is of no more use
   */
  handleBatch(
    messages: readonly AgentMessage[],
    options: { readonly budgetMs: number; readonly endsWithTimeout?: boolean },
  ): Promise<readonly AgentAnswer[]>;
  close(): Promise<void>;
}

const defaultRecycleAfterMessages = 50_000;
const unfinished: AgentAnswer = { result: "unfinished" };

/** @throws CaxtonError `start-failed`, `start-timeout` */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const startedMs = performance.now();
  // It loads while the modules are compiled.
  const worker = options.thread ?? openThread();
  const threadOptions: ThreadOptions = {
    preparedDir: options.preparedDir,
    modules: await compileModules(options.preparedDir),
    configuration: options.configuration,
    outputMaxBytes: options.outputMaxBytes,
    recycleAfterMessages: options.recycleAfterMessages ?? defaultRecycleAfterMessages,
    startTimeoutMs: options.startTimeoutMs,
    onLog: (lines) => options.onLog?.(lines),
  };
  const first = await startThread(threadOptions, worker);
  const { description: descriptionText, instantiateMs, describeMs, memoryBytes } = first.started;
  const startMs = performance.now() - startedMs;
  let thread: Promise<RunnerThread> = Promise.resolve(first);
  let memoryPeakBytes = memoryBytes;
  let lastBatch: Promise<unknown> = Promise.resolve();
  let description: AgentDescription | undefined;
  let closed = false;
  /** Nothing was answered since a message hung: the next one may burn a processor too. */
  let hangs = false;

  async function freshThread(): Promise<RunnerThread> {
    const isPolite = hangs;
    const next = await startThread(threadOptions, openThread({ isPolite }), isPolite);
    if (description !== undefined) await next.ask({ type: "load-contract", description }, options.startTimeoutMs);
    return next;
  }
  function replaceThread(): void {
    if (closed) return;
    thread = freshThread();
    // Who asks next is told; until then it is nobody's unhandled rejection.
    thread.catch(() => undefined);
  }

  async function check(request: WorkerRequest): Promise<readonly (string | undefined)[]> {
    const current = await thread;
    const report = await current.ask(request, options.startTimeoutMs);
    if (report.type !== "checked") throw new CaxtonError("internal", `a check was answered with '${report.type}'`);
    return report.problems;
  }

  async function runBatch(
    messages: readonly AgentMessage[],
    deadlineNs: bigint,
    endsWithTimeout: boolean,
  ): Promise<readonly AgentAnswer[]> {
    const answers = new Map<number, AgentAnswer>();
    /** What comes before one that hung was done, and its answer may have been lost with the thread. */
    let until = messages.length;
    for (;;) {
      const pending = [...messages.keys()].filter((index) => index < until && !answers.has(index));
      if (pending.length === 0 || closed || process.hrtime.bigint() >= deadlineNs) break;
      const current = await thread;
      const end = await current.run(
        pending.flatMap((index) => messages[index] ?? []),
        {
          messageTimeoutMs: options.messageTimeoutMs,
          deadlineNs,
          onAnswers(from, given) {
            hangs = false;
            for (const [offset, answer] of given.entries()) answers.set(pending[from + offset] ?? -1, answer);
          },
        },
      );
      if (end.end === "done") {
        memoryPeakBytes = Math.max(memoryPeakBytes, end.memoryPeakBytes);
        if (current.yields) {
          replaceThread();
          await current.end();
        }
        break;
      }
      if (end.end === "message-timeout") hangs = true;
      replaceThread();
      if (end.end === "out-of-time") break;
      const guilty = pending[end.index] ?? -1;
      if (!answers.has(guilty)) answers.set(guilty, blame(end, options.messageTimeoutMs));
      if (endsWithTimeout && end.end === "message-timeout") until = guilty;
    }
    return messages.map((_, index) => answers.get(index) ?? unfinished);
  }

  return {
    start: { startMs, instantiateMs, describeMs },
    descriptionText,
    get memoryPeakBytes() {
      return memoryPeakBytes;
    },
    async loadContract() {
      const parsed = parseDescription(descriptionText);
      const current = await thread;
      await current.ask({ type: "load-contract", description: parsed }, options.startTimeoutMs);
      description = parsed;
      return parsed;
    },
    async checkConfiguration() {
      return (await check({ type: "check-configuration" }))[0];
    },
    checkMessages: (messages) => check({ type: "check", messages }),
    handleBatch(messages, { budgetMs, endsWithTimeout = false }) {
      const deadlineNs = process.hrtime.bigint() + BigInt(Math.ceil(budgetMs * 1e6));
      const batch = lastBatch.then(() => runBatch(messages, deadlineNs, endsWithTimeout));
      lastBatch = batch.catch(() => undefined);
      return batch;
    },
    async close() {
      closed = true;
      const current = await thread.catch(() => undefined);
      await current?.end();
    },
  };
}

function blame(
  end: { readonly end: "message-timeout" } | { readonly end: "crashed"; readonly reason: string },
  messageTimeoutMs: number,
): AgentAnswer {
  const failed = { result: "failed", retry: false, latencyMs: messageTimeoutMs } as const;
  if (end.end === "message-timeout") {
    return { ...failed, code: "agent-timeout", reason: `the agent did not answer within ${messageTimeoutMs} ms` };
  }
  return { ...failed, latencyMs: 0, code: "agent-trap", reason: end.reason.slice(0, 500) };
}
