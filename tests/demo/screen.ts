import type { Writable } from "node:stream";
import type { DemoReport, DeploymentSummary, StoryReport } from "./report.ts";

const columns = 72;
const lineMax = 140;
const tickMs = 200;

/** The story as it is told: numbered steps with what they took, and one line that counts where there is a terminal. */
export class Screen {
  readonly #out: Writable & { readonly isTTY?: boolean };
  #number = 0;
  #counter: string | undefined;

  constructor(out: Writable & { readonly isTTY?: boolean }) {
    this.#out = out;
  }

  title(text: string): void {
    this.#write(`\n${this.#bold(text)}\n`);
  }

  /** Tells what is done, does it, and says how long it took. */
  async step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    this.#number += 1;
    const number = String(this.#number).padStart(2);
    this.#write(`\n${number}  ${this.#bold(title)}\n`);
    const result = await work();
    this.say(`${".".repeat(columns)} ${seconds(performance.now() - startedMs)}`.slice(-columns));
    return result;
  }

  say(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#write(`    ${cut(line)}\n`);
  }

  tellCanaries({ canary, bad }: Pick<DemoReport, "canary" | "bad">): void {
    for (const { shareAsked, shareObserved, samples } of canary.steps) {
      this.say(`${percent(shareAsked)} asked, ${percent(shareObserved)} observed (${thousands(samples)} samples)`);
    }
    const { detectMs, divertMs, safeMs, failedOnCanary, fallbacks } = bad;
    this.say(
      `v3: found out in ${detectMs} ms, diverted ${divertMs} ms and closed ${safeMs} ms after the message that decided it;`,
    );
    this.say(`    it failed on ${failedOnCanary} messages, of which v2 handled ${fallbacks} in the same delivery`);
    this.#write("\n");
  }

  tellTimings(deployments: readonly DeploymentSummary[]): void {
    const told = (ms: number | undefined): string => (ms === undefined ? "?" : seconds(ms));
    for (const { version, validationMs, deployMs, untilFirstMessageMs } of deployments) {
      const parts = `validated in ${told(validationMs)}, deployed in ${told(deployMs)}`;
      this.say(`${version}: ${parts}, first message ${told(untilFirstMessageMs)} after the command`);
    }
  }

  /** The last lines: how it went. */
  conclude({ accepted, durationMs, perVersion }: StoryReport, problems: readonly string[]): void {
    this.#write("\n");
    for (const problem of problems) this.say(`✗ ${problem}`);
    const versions = Object.keys(perVersion).length;
    const verdict = problems.length === 0 ? "✓ nothing lost, nothing doubled, nothing wrong" : "✗ not as it should be";
    this.say(`${verdict}: ${thousands(accepted)} messages, ${versions} versions, ${seconds(durationMs)}`);
  }

  /** Shows what `text` returns, again and again, below everything else; without a terminal it is not shown. */
  count(text: () => string): () => void {
    if (this.#out.isTTY !== true) return () => undefined;
    const show = (): void => {
      this.#counter = text();
      this.#out.write(`\r\x1b[K    ${this.#counter}`);
    };
    const timer = setInterval(show, tickMs);
    return () => {
      clearInterval(timer);
      this.#counter = undefined;
      this.#out.write("\r\x1b[K");
    };
  }

  #write(text: string): void {
    if (this.#counter === undefined) {
      this.#out.write(text);
      return;
    }
    this.#out.write(`\r\x1b[K${text}${text.endsWith("\n") ? `    ${this.#counter}` : ""}`);
  }

  #bold(text: string): string {
    return this.#out.isTTY === true ? `\x1b[1m${text}\x1b[0m` : text;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function cut(line: string): string {
  return line.length <= lineMax ? line : `${line.slice(0, lineMax - 1)}…`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}
