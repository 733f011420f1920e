import { setTimeout as delay } from "node:timers/promises";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, Subscription } from "@caxton/bus/types";
import { type CodeRemovalAnswer, codeRemovalRequest } from "@caxton/contracts/code-removal";
import { toCaxtonError } from "@caxton/contracts/errors";
import { artifactBucket, codeRemovalSubject } from "@caxton/contracts/subjects";
import { unneededSinceMs } from "@caxton/deployment/removal";
import type { Logger } from "@caxton/telemetry/logger";
import { randomUUID } from "node:crypto";
import type { Agents } from "./agents.ts";

export interface RemovalsOptions {
  readonly bus: Bus;
  readonly agents: Agents;
  readonly log: Logger;
  readonly id: string;
  readonly now: () => number;
}

const sweepEveryMaxMs = 60 * 60 * 1000;

/**
 * Removes artifacts that no deployment of any agent needed for `retentionMs`, now and then until `signal` aborts; for ever
 * they stay where it is undefined. Each is first a fact in the history of the agents that had used it.
 */
export async function keepArtifactsTidy(
  options: RemovalsOptions,
  retentionMs: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (retentionMs === undefined) return;
  while (!signal.aborted) {
    await delay(Math.min(retentionMs, sweepEveryMaxMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await sweep(options, retentionMs, signal);
    } catch (error) {
      const { code, message } = toCaxtonError(error);
      options.log.debug({ code }, `artifacts were not looked through: ${message}`);
    }
  }
}

async function sweep(
  { bus, agents, log, id, now }: RemovalsOptions,
  retentionMs: number,
  signal: AbortSignal,
): Promise<void> {
  const artifacts = await bus.objects(artifactBucket);
  const states = () => agents.names().map((agent) => agents.view(agent).state);
  for (const { name: digest, sizeBytes, storedAtMs } of await artifacts.list()) {
    const idleSinceMs = unneededSinceMs(digest, states());
    if (signal.aborted) return;
    if (idleSinceMs === undefined || now() - Math.max(idleSinceMs, storedAtMs) < retentionMs) continue;
    for (const agent of agents.names())
      await agents.handle(agent, { type: "artifact-removed", digest, sizeBytes, ...sender(id) });
    // Somebody may have asked for it in the meantime.
    if (unneededSinceMs(digest, states()) === undefined) continue;
    await artifacts.delete(digest);
    log.info(
      { event: "artifact-removed", digest, size_bytes: sizeBytes },
      "an artifact that nobody needed for long was removed",
    );
  }
}

/** Puts on record what services remove of what they prepared, and says what of it must stay. */
export function serveCodeRemovals({ bus, agents, log, id }: RemovalsOptions): Subscription {
  return bus.subscribe(
    codeRemovalSubject,
    async (message) => {
      const { place, components } = codeRemovalRequest.check(decodeJson(message.data));
      const names = agents.names();
      const keep: string[] = [];
      for (const { digest, sizeBytes } of components) {
        for (const agent of names)
          await agents.handle(agent, { type: "code-removed", digest, sizeBytes, place, ...sender(id) });
        const states = names.map((agent) => agents.view(agent).state);
        if (unneededSinceMs(digest, states) === undefined) keep.push(digest);
      }
      const answer: CodeRemovalAnswer = { keep };
      message.respond(encodeJson(answer));
    },
    {
      queue: "orchestrators",
      onError: (error) =>
        log.warn(`what is to be removed was not put on record, so it stays: ${toCaxtonError(error).message}`),
    },
  );
}

function sender(id: string): { readonly commandId: string; readonly actor: string } {
  return { commandId: randomUUID(), actor: `orchestrator ${id}` };
}
