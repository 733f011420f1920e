import { seconds } from "./format/quantity.ts";
import type { Output } from "./output.ts";

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;

/** A line that is longer than the terminal would stay there when it is drawn over. */
function fitted(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

/** What goes on and for how long, drawn over one line of a terminal; elsewhere nothing is seen of it. */
export class Spinner implements Disposable {
  readonly #output: Output;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #text: () => string;
  #frame = 0;

  constructor(output: Output, text: string) {
    this.#output = output;
    this.#text = () => text;
    this.#timer = output.live ? setInterval(() => this.#draw(), frameMs) : undefined;
  }

  say(text: string): void {
    this.#text = () => text;
  }

  /** What changes by itself: asked again for every frame. */
  show(text: () => string): void {
    this.#text = text;
  }

  /** Prints lines above. */
  above(...lines: readonly string[]): void {
    this.#output.draw("");
    this.#output.lines(...lines);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#output.draw("");
  }

  #draw(): void {
    this.#frame += 1;
    const elapsed = seconds(performance.now() - this.#startedMs);
    const line = `${frames[this.#frame % frames.length]} ${this.#text()} ${elapsed}`;
    this.#output.draw(this.#output.style.faint(fitted(line, this.#output.columns)));
  }
}
