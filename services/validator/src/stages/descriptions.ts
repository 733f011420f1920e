import type { AgentDescription } from "@caxton/contracts/agent-description";

const maxDescriptions = 256;

/** What artifacts say of themselves, by digest: always the same answer, so that none is asked twice. */
export class Descriptions {
  readonly #known = new Map<string, AgentDescription>();

  get(digest: string): AgentDescription | undefined {
    return this.#known.get(digest);
  }

  set(digest: string, description: AgentDescription): void {
    this.#known.delete(digest);
    this.#known.set(digest, description);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxDescriptions && oldest !== undefined) this.#known.delete(oldest);
  }
}
