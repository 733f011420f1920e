import { connectBus } from "@caxton/bus/connect";
import type { Bus } from "@caxton/bus/types";
import { audit } from "../auditor/audit.ts";
import type { Rule } from "../auditor/expected.ts";
import type { AuditReport } from "../auditor/report.ts";
import { readCatalogue, startProducer, type Producer } from "../harness/producer.ts";
import { type Screen, thousands } from "./screen.ts";
import type { Addresses } from "./start-caxton.ts";

const settleTimeoutMs = 30_000;

/** What an agent of a story is sent, until the story is over, and whoever looks at what becomes of it. */
export class Traffic implements AsyncDisposable {
  readonly producer: Producer;
  readonly bus: Bus;
  readonly #screen: Screen;
  readonly #agent: string;
  readonly #natsUrl: string;
  readonly #stopCounting: () => void;

  private constructor(screen: Screen, agent: string, natsUrl: string, producer: Producer, bus: Bus) {
    this.producer = producer;
    this.bus = bus;
    this.#screen = screen;
    this.#agent = agent;
    this.#natsUrl = natsUrl;
    this.#stopCounting = screen.count(
      () => `${thousands(producer.acknowledged.length)} messages acknowledged by the bus`,
    );
  }

  /** The catalogue again and again; nobody has waited for the first message yet. */
  static async begin(screen: Screen, agent: string, { natsUrl }: Addresses, perSecond: number): Promise<Traffic> {
    const bodies = await readCatalogue();
    const producer = await startProducer({ url: natsUrl, agent, bodies, perSecond });
    const bus = await connectBus({ url: natsUrl, name: "demo" });
    return new Traffic(screen, agent, natsUrl, producer, bus);
  }

  /** A step of its own, which is over when so many messages were acknowledged. */
  async flows(perSecond: number, messages = perSecond): Promise<void> {
    const title = `a producer, ${thousands(perSecond)} messages a second to caxton.inbox.${this.#agent}`;
    await this.#screen.step(title, () => this.producer.reached(messages));
  }

  /** No message comes any more; resolves when at least `messages` have come. */
  async stop(messages = 0): Promise<void> {
    await this.producer.reached(messages);
    await this.producer.stop();
    this.#stopCounting();
  }

  /** @param rules what each version should have made of a message */
  async audit(rules: Readonly<Record<string, Rule>>): Promise<AuditReport> {
    const { acknowledged } = this.producer;
    const report = await audit({ url: this.#natsUrl, agent: this.#agent, acknowledged, rules, settleTimeoutMs });
    this.#screen.say(`accepted ${thousands(report.accepted)}; lost ${report.lost}, pending ${report.pending}`);
    return report;
  }

  tellVersions({ perVersion }: AuditReport): void {
    for (const [version, { handled }] of Object.entries(perVersion))
      this.#screen.say(`  ${version} handled ${thousands(handled)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopCounting();
    await this.bus.close();
  }
}
