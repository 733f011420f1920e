import { mkdir, realpath } from "node:fs/promises";
import { CaxtonError } from "@caxton/contracts/errors";
import { lowerPriorityForNow, restorePriority } from "@caxton/service/low-priority";
import { openSandbox, type Sandbox } from "./sandbox.ts";

export interface Sandboxes {
  /** A process of one's own, to be closed by whoever took it. */
  take(): Sandbox;
  /** Ends all processes, those in use too. */
  close(): Promise<void>;
}

/** What was validated is usually started next, and needs the processor more; that takes no longer than this. */
const refillAfterMs = 150;

/** Keeps one process started ahead: nobody has to wait until Node runs. Each is used for one validation. */
export async function openSandboxes(cacheDir: string): Promise<Sandboxes> {
  await mkdir(cacheDir, { recursive: true });
  const readableDir = await realpath(cacheDir);
  const inUse = new Set<Sandbox>();
  const openSpare = (): Sandbox => {
    const sandbox = openSandbox(readableDir);
    lowerPriorityForNow(sandbox.pid);
    return sandbox;
  };
  let spare: Sandbox | undefined = openSpare();
  let closed = false;
  let refill: NodeJS.Timeout | undefined;

  function refillLater(): void {
    clearTimeout(refill);
    if (closed) return;
    refill = setTimeout(() => (spare ??= openSpare()), refillAfterMs);
  }

  function track(sandbox: Sandbox): Sandbox {
    const tracked: Sandbox = {
      ...sandbox,
      async close(reason) {
        inUse.delete(tracked);
        await sandbox.close(reason);
        refillLater();
      },
    };
    inUse.add(tracked);
    return tracked;
  }
  return {
    take() {
      if (closed) throw new CaxtonError("service-unavailable", "this validator is stopping: ask again");
      if (spare !== undefined) restorePriority(spare.pid);
      const sandbox = spare ?? openSandbox(readableDir);
      spare = undefined;
      return track(sandbox);
    },
    async close() {
      closed = true;
      clearTimeout(refill);
      const stopping = new CaxtonError("service-unavailable", "this validator is stopping: ask again");
      const idle = spare;
      spare = undefined;
      await Promise.all([...inUse, ...(idle === undefined ? [] : [idle])].map((sandbox) => sandbox.close(stopping)));
    },
  };
}
