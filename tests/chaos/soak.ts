import { setTimeout as delay } from "node:timers/promises";
import { decodeJson } from "@caxton/bus/json";
import { type Ledger, ledgerAnswer } from "@caxton/contracts/ledger";
import { ledgerSubject } from "@caxton/contracts/subjects";
import { startProducer, readCatalogue } from "../harness/producer.ts";
import { type Growth, growthOf, type MemorySample, sampleMemory } from "./memory-samples.ts";
import { agent, instancePids, openScene, type Scene } from "./scene.ts";

const kinds = ["orchestrator", "validator", "agent-host", "router", "gateway", "ledger", "metrics-watcher"];
const asQuickAsItGoes = 20_000;
const sampleEveryMs = 1_000;
const settleTimeoutMs = 60_000;

export interface SoakReport {
  readonly messages: number;
  readonly elapsedMs: number;
  readonly ledger: Pick<Ledger, "accepted" | "handled" | "deadLettered" | "pending">;
  readonly growth: readonly Growth[];
  readonly samples: Readonly<Record<string, readonly MemorySample[]>>;
}

/** So many messages as quickly as they go through two of each service, while what is done is trimmed behind them. */
export async function soak(messages: number, progress: (acknowledged: number) => void): Promise<SoakReport> {
  const services = kinds.flatMap((kind) => [kind, kind]);
  const env = { CAXTON_INBOX_RETENTION_MS: "5000", CAXTON_OUTCOME_RETENTION_MS: "5000", CAXTON_TRIM_EVERY_MS: "500" };
  const scene = await openScene(1_000, { services, instances: 2, env });
  try {
    const pids = await processes(scene);
    const samples: Record<string, MemorySample[]> = {};
    const startedMs = performance.now();
    const bodies = await readCatalogue();
    const producer = await startProducer({ url: scene.cluster.nats.url, agent, bodies, perSecond: asQuickAsItGoes });
    const sample = async (): Promise<void> => {
      for (const [name, pid] of pids) {
        const one = await sampleMemory(pid, Math.round(performance.now() - startedMs));
        if (one === undefined) throw new Error(`${name} went away\n${scene.cluster.logs()}`);
        (samples[name] ??= []).push(one);
      }
    };
    try {
      const reached = producer.reached(messages).then(() => true);
      while (!(await Promise.race([reached, delay(sampleEveryMs).then(() => false)]))) {
        await sample();
        progress(producer.acknowledged.length);
      }
    } finally {
      await producer.stop();
    }
    // What waits in the inbox is work as well.
    const ledger = await settled(scene, messages, sample);
    const growth = Object.entries(samples).map(([name, some]) => growthOf(name, some));
    const elapsedMs = Math.round(performance.now() - startedMs);
    return { messages: producer.acknowledged.length, elapsedMs, ledger, growth, samples };
  } finally {
    await scene.close();
  }
}

async function processes({ cluster, bus, version }: Scene): Promise<ReadonlyMap<string, number>> {
  const named = kinds.flatMap((kind) => [kind, `${kind}-2`]).map((name) => [name, cluster.pidOf(name)] as const);
  const instances = (await instancePids({ bus }, version)).map((pid, index) => [`instance ${index}`, pid] as const);
  return new Map([...named, ...instances, ["nats-server", cluster.nats.pid]]);
}

async function settled(
  { bus }: Scene,
  messages: number,
  meanwhile: () => Promise<void>,
): Promise<SoakReport["ledger"]> {
  const deadlineMs = performance.now() + settleTimeoutMs + messages;
  for (;;) {
    await delay(sampleEveryMs);
    await meanwhile();
    const { data } = await bus.request(ledgerSubject(agent), new Uint8Array(), { timeoutMs: 10_000 });
    const answer = ledgerAnswer.check(decodeJson(data));
    if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    const { accepted, handled, deadLettered, pending } = answer.ledger;
    if (pending === 0 || performance.now() > deadlineMs) return { accepted, handled, deadLettered, pending };
  }
}
