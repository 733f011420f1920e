import type { RunMessage, RunRequest, RunResult } from "@caxton/contracts/agent-run";
import type { Runner } from "@caxton/wasm-agent/runner";

type Handler = Pick<Runner, "handleBatch">;

interface Job {
  readonly request: RunRequest;
  /** Asked when its turn has come: whether it may still be run. */
  readonly mayRun: () => boolean;
  readonly done: (results: readonly RunResult[] | undefined) => void;
}

/** Most requests that wait: what eight routers may have in the air. */
export const queuedMax = 64;

/** Runs requests in order of arrival on as many runners as there are; the time a request waits here costs nothing of its budget. */
export class RunQueue {
  readonly #idle: Handler[] = [];
  readonly #onError: (error: unknown) => void;
  readonly #jobs: Job[] = [];
  #count = 0;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** One more that takes requests. */
  join(runner: Handler): void {
    this.#count += 1;
    this.#idle.push(runner);
    this.#work();
  }

  get inFlight(): number {
    return this.#jobs.length + this.#count - this.#idle.length;
  }

  /** `done` gets undefined where `mayRun` said no. @returns false where too many wait already: it was not taken */
  add(request: RunRequest, mayRun: Job["mayRun"], done: Job["done"]): boolean {
    if (this.#jobs.length >= queuedMax) return false;
    this.#jobs.push({ request, mayRun, done });
    this.#work();
    return true;
  }

  #work(): void {
    while (this.#jobs.length > 0) {
      const runner = this.#idle.pop();
      if (runner === undefined) return;
      const job = this.#jobs.shift();
      if (job === undefined || !job.mayRun()) {
        this.#idle.push(runner);
        job?.done(undefined);
        continue;
      }
      void this.#run(runner, job);
    }
  }

  async #run(runner: Handler, { request, done }: Job): Promise<void> {
    let answers: readonly Answer[];
    try {
      answers = await runner.handleBatch(request.messages, {
        budgetMs: request.budgetMs,
        endsWithTimeout: request.hasStandIn === true,
      });
    } catch (error) {
      // The runner is of no more use, and so is this process; its supervisor starts another.
      this.#onError(error);
      return;
    }
    this.#idle.push(runner);
    done(request.messages.map(({ index }, at) => resultOf(index, answers[at])));
    if (answers.some(hasHung)) this.#letGo();
    this.#work();
  }

  /** Who has somebody to stand in for us does not wait to see whether the next message hangs as well. */
  #letGo(): void {
    for (const job of this.#jobs.splice(0)) {
      if (job.request.hasStandIn === true) job.done(unfinished(job.request.messages));
      else this.#jobs.push(job);
    }
  }
}

type Answer = Awaited<ReturnType<Handler["handleBatch"]>>[number];

function hasHung(answer: Answer): boolean {
  return answer.result === "failed" && answer.code === "agent-timeout";
}

function resultOf(index: number, answer: Answer | undefined): RunResult {
  if (answer === undefined || answer.result === "unfinished") return { index, result: "unfinished" };
  if (answer.result === "failed") return { index, ...answer };
  return { index, result: "handled", outputs: [...answer.outputs], latencyMs: answer.latencyMs };
}

export function unfinished(messages: readonly RunMessage[]): RunResult[] {
  return messages.map(({ index }) => ({ index, result: "unfinished" }));
}
