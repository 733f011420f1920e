import type { EffectContext, EffectResult } from "./effect-context.ts";

/** Waits until nothing outside keeps the deployment. */
export async function way(deployment: string, { lifted, signal }: EffectContext): EffectResult {
  await lifted(signal);
  return { type: "way-free", deployment };
}
