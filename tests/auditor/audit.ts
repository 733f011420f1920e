import { setTimeout as delay } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { account } from "./account.ts";
import type { Rule } from "./expected.ts";
import { countMessages, readStream } from "./read-stream.ts";
import type { Acknowledged, AuditReport, Stream } from "./report.ts";

export interface AuditOptions {
  readonly url: string;
  readonly agent: string;
  readonly acknowledged: readonly Acknowledged[];
  /** Which rule each version id follows. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** The agents that it speaks to; their inboxes must hold each of its outputs to them once. */
  readonly targets?: readonly string[];
  /** Lives of the inbox that were ended by deleting it. */
  readonly earlierEpochs?: readonly string[];
  /** How long messages without an outcome and outputs that are not sent yet are waited for, in ms; 0: not at all. */
  readonly settleTimeoutMs: number;
}

const pollMs = 100;

/**
 * Reads inbox, outcomes and outbox of an agent itself and accounts for every message. To be called when traffic has
 * stopped: what has no outcome when the time is over is lost.
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const connection = await connect({ servers: options.url, name: "auditor", maxReconnectAttempts: -1 });
  const deadlineMs = performance.now() + options.settleTimeoutMs;
  try {
    await untilDecided(connection, options.agent, deadlineMs);
    let report = await readAndAccount(connection, options);
    while (report.pending + report.missingOutputs > 0 && performance.now() < deadlineMs) {
      await delay(pollMs);
      report = await readAndAccount(connection, options);
    }
    return report;
  } finally {
    await connection.close();
  }
}

/** Cheap to ask again and again: as many outcomes as messages. */
async function untilDecided(connection: NatsConnection, agent: string, deadlineMs: number): Promise<void> {
  for (;;) {
    const accepted = await countMessages(connection, `CAXTON_INBOX_${agent}`);
    const decided = await countMessages(connection, `CAXTON_OUTCOME_${agent}`);
    if (decided >= accepted || performance.now() >= deadlineMs) return;
    await delay(pollMs);
  }
}

async function readAndAccount(connection: NatsConnection, options: AuditOptions): Promise<AuditReport> {
  const { agent, acknowledged, rules, earlierEpochs = [] } = options;
  const inbox = await readStream(connection, `CAXTON_INBOX_${agent}`);
  const outcomes = await readStream(connection, `CAXTON_OUTCOME_${agent}`);
  const outbox = await readStream(connection, `CAXTON_OUTBOX_${agent}`);
  const targets: Record<string, Stream> = {};
  for (const target of options.targets ?? []) {
    targets[target] = await readStream(connection, `CAXTON_INBOX_${target}`);
  }
  return account({ agent, acknowledged, rules, inbox, earlierEpochs, outcomes, outbox, targets });
}
