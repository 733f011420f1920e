import type { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError } from "@caxton/contracts/errors";
import { defaultLimits } from "@caxton/contracts/limits";
import { parseDescription } from "@caxton/wasm-agent/description";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { fetchArtifact } from "../adapters/artifacts.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { StageContext } from "./stage-context.ts";

export interface LiveVersion {
  /** @throws CaxtonError if the artifact is gone or does not start here */
  description(): Promise<AgentDescription>;
  /** For each message what keeps the live version from being given it, or null. @throws CaxtonError as `description` */
  check: Sandbox["check"];
  close(): Promise<void>;
}

/** The version now live, in a sandbox of its own that is started only when something is asked that is not known yet. */
export function liveVersion(context: StageContext, digest: string): LiveVersion {
  const { bus, cacheDir, sandboxes, descriptions, request } = context;
  let starting: Promise<{ readonly sandbox: Sandbox; readonly description: AgentDescription }> | undefined;
  let sandbox: Sandbox | undefined;
  let closed = false;

  async function start() {
    // Its own limits are not known here; it runs under them, so these are not what keeps it from describing itself.
    const memoryMaxBytes = Math.max(request.limits.memoryMaxBytes, defaultLimits.memoryMaxBytes);
    const bytes = await fetchArtifact(bus, digest);
    const { folder } = await prepareComponent({ bytes, digest, cacheDir, memoryMaxBytes });
    if (closed) throw new CaxtonError("cancelled", "the validation is over");
    sandbox = sandboxes.take();
    const started = await sandbox.start({ ...defaultLimits, preparedDir: folder, configuration: "{}", memoryMaxBytes });
    await sandbox.loadContract();
    const description = parseDescription(started.descriptionText);
    descriptions.set(digest, description);
    return { sandbox, description };
  }
  function startOnce() {
    starting ??= start();
    return starting;
  }
  return {
    async description() {
      return descriptions.get(digest) ?? (await startOnce()).description;
    },
    async check(messages) {
      if (messages.length === 0) return [];
      return (await startOnce()).sandbox.check(messages);
    },
    async close() {
      closed = true;
      await sandbox?.close();
    },
  };
}
