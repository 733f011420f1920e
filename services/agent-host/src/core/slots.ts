import type { VersionSpec } from "@caxton/contracts/placement";
import { slotKey } from "@caxton/contracts/subjects";

export interface WantedSlot {
  readonly key: string;
  readonly index: number;
  readonly spec: VersionSpec;
}

/** Every slot in which an instance should run, over all hosts. */
export function wantedSlots(specs: Iterable<VersionSpec>): Map<string, WantedSlot> {
  const wanted = new Map<string, WantedSlot>();
  for (const spec of specs) {
    if (spec.desired !== "running") continue;
    for (let index = 0; index < spec.instances; index += 1) {
      const key = slotKey(spec.agent, spec.version, index);
      wanted.set(key, { key, index, spec });
    }
  }
  return wanted;
}
