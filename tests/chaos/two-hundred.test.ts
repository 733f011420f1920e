import { readdir, readFile } from "node:fs/promises";
import type { Bus } from "@caxton/bus/types";
import { expect, onTestFailed, test } from "vitest";
import { deploymentFacts, publishDeploy, uploadArtifact } from "../harness/deployer.ts";
import { buildExamples } from "../harness/quake-agents.ts";
import { growthBoundMiB, sampleMemory } from "./memory-samples.ts";
import { agent, openScene, type Scene } from "./scene.ts";
import { isLong } from "../harness/long.ts";

const services = ["orchestrator", "validator", "agent-host", "router", "ledger", "metrics-watcher"];
const count = 200;
const ends = ["DeploymentCompleted", "DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"];
/** A drain, an instance started ahead and a service's own housekeeping come and go. */
const slack = 12;
/** Specifications that the orchestrator keeps of versions that were stopped. */
const stoppedKept = 32;
const markersKeptMs = 60_000;
const timeoutMs = 60_000;

interface Holdings {
  readonly processes: number;
  readonly groups: number;
  readonly cacheFiles: number;
  readonly keys: Readonly<Record<string, number>>;
  readonly markers: Readonly<Record<string, number>>;
  readonly descriptors: Readonly<Record<string, number>>;
  readonly rssMiB: Readonly<Record<string, number>>;
}

async function descendants(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  const children = text.split(" ").filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** The memory groups that these processes are in. Empty groups left behind are not seen by this. */
async function groupsOf(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "")));
  return new Set(texts.filter((text) => text.includes("caxton"))).size;
}

/** Keys, and apart from them the markers of those that were deleted. */
async function keysIn(bus: Bus, stream: string): Promise<{ readonly keys: number; readonly markers: number }> {
  let [keys, markers] = [0, 0];
  for await (const { headers } of bus.streams.read(stream, { headersOnly: true })) {
    if (headers["KV-Operation"] === undefined) keys += 1;
    else markers += 1;
  }
  return { keys, markers };
}

async function holdings({ cluster, bus }: Scene): Promise<Holdings> {
  const keys: Record<string, number> = {};
  const markers: Record<string, number> = {};
  for (const stream of await bus.streams.names()) {
    if (!stream.startsWith("KV_")) continue;
    const found = await keysIn(bus, stream);
    keys[stream] = found.keys;
    markers[stream] = found.markers;
  }
  const descriptors: Record<string, number> = {};
  const rssMiB: Record<string, number> = {};
  for (const service of services) {
    const pid = cluster.pidOf(service);
    descriptors[service] = (await readdir(`/proc/${pid}/fd`)).length;
    rssMiB[service] = (await sampleMemory(pid, 0))?.rssMiB ?? Number.NaN;
  }
  const below = await descendants(cluster.pidOf("agent-host"));
  const cache = await readdir(`${cluster.folder}/cache`, { recursive: true });
  const groups = await groupsOf(below);
  return { processes: below.length, groups, cacheFiles: cache.length, keys, markers, descriptors, rssMiB };
}

async function deployInTurn({ bus }: Scene, digests: readonly string[], times: number): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let index = 0; index < times; index++) {
    const digest = digests[index % digests.length] ?? "";
    const startedMs = performance.now();
    const deployment = await publishDeploy(bus, agent, digest);
    const facts = await deploymentFacts(bus, agent, deployment, ends, timeoutMs);
    expect(facts.at(-1)?.type).toBe("DeploymentCompleted");
    tookMs.push(performance.now() - startedMs);
  }
  return tookMs;
}

/** How many of the last of these fell into so long. */
function within(tookMs: readonly number[], ms: number): number {
  let leftMs = ms;
  const later = tookMs.findLastIndex((each) => (leftMs -= each) < 0);
  return tookMs.length - 1 - later;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

test.skipIf(!isLong)(
  `${count} deployments of one agent one after another leave no process, key, file or descriptor behind`,
  { timeout: 900_000 },
  async () => {
    const scene = await openScene(1_000, { services, instances: 1 });
    onTestFailed(() => console.error(scene.cluster.logs()));
    try {
      const files = await buildExamples(["quake-watch/v1", "quake-watch/v2"], scene.cluster.folder);
      const digests = await Promise.all(files.map((file) => uploadArtifact(scene.bus, file)));
      // Both versions were seen once, so that what is kept for each is there before it is counted.
      await deployInTurn(scene, digests.toReversed(), 6);
      const before = await holdings(scene);
      const tookMs = await deployInTurn(scene, digests.toReversed(), count);
      const after = await holdings(scene);

      const quarter = count / 4;
      const [first, last] = [median(tookMs.slice(0, quarter)), median(tookMs.slice(-quarter))];
      console.log(`a deployment took ${first.toFixed(0)} ms in the first quarter, ${last.toFixed(0)} ms in the last`);
      console.log(JSON.stringify({ before, after }));

      expect(after.processes).toBeLessThanOrEqual(before.processes + slack);
      expect(after.groups).toBeLessThanOrEqual(before.groups + slack);
      expect(after.cacheFiles).toBeLessThanOrEqual(before.cacheFiles + slack);
      const more = (name: "keys" | "descriptors"): readonly string[] =>
        Object.entries(after[name])
          .filter(
            ([key, value]) =>
              value > (before[name][key] ?? 0) + slack + (key === "KV_caxton-versions" ? stoppedKept : 0),
          )
          .map(([key, value]) => `${name} ${key}: ${before[name][key] ?? 0} → ${value}`);
      expect([...more("keys"), ...more("descriptors")]).toEqual([]);
      // Each deployment deletes a specification; what is left of it goes after a minute, with the next one.
      const lately = within(tookMs, markersKeptMs);
      const left = Object.entries(after.markers).filter(([, markers]) => markers > lately + slack);
      expect(left).toEqual([]);
      const grown = services.filter(
        (name) => !((after.rssMiB[name] ?? 0) <= growthBoundMiB(before.rssMiB[name] ?? 0) + 32),
      );
      expect(grown).toEqual([]);
    } finally {
      await scene.close();
    }
  },
);
