import { describe, expect, it } from "vitest";
import type { Report } from "./command.ts";
import type { Fact } from "./event.ts";
import { unneededSinceMs } from "./removal.ts";
import { given } from "./specification/given.ts";
import {
  canaryRuns,
  failure,
  firstRuns,
  firstValidates,
  request,
  secondRuns,
  secondStarts,
  wasAsked,
  wasDrained,
  wasRetired,
  wasStopped,
} from "./specification/history.ts";

const { digest } = request("first").artifact;
const artifact: Report = { type: "artifact-removed", digest, sizeBytes: 1_600_000 };
const code = { type: "code-removed", digest, sizeBytes: 5_000_000, place: "host-1" } as const satisfies Report;
const artifactRemoved: Fact = { type: "ArtifactRemoved", deployment: "first", digest, sizeBytes: 1_600_000 };
const codeRemoved: Fact = {
  type: "PreparedCodeRemoved",
  deployment: "first",
  digest,
  sizeBytes: 5_000_000,
  place: "host-1",
};
const retired: readonly Fact[] = [...secondRuns, wasDrained("first", 1), wasStopped("first", 1), wasRetired("first")];

describe("what was removed of a version", () => {
  it("that is retired is a fact, an artifact once", () => {
    given(...retired)
      .when(artifact)
      .thenEvents(artifactRemoved)
      .when(artifact)
      .thenNothing()
      .when(code)
      .thenEvents(codeRemoved)
      .when(code)
      .thenNothing()
      .when({ ...code, place: "host-2" })
      .thenEvents({ ...codeRemoved, place: "host-2" });
  });

  it("is a fact again where it was deployed again in between", () => {
    const again = wasAsked("third", { artifact: request("first").artifact });
    const { state } = given(...retired, artifactRemoved, again);
    expect(unneededSinceMs(digest, [state])).toBeUndefined();
    given(...retired, artifactRemoved, again, { type: "DeploymentRolledBack", deployment: "third", reason: "no" })
      .when(artifact)
      .thenEvents({ ...artifactRemoved, deployment: "third" });
  });

  const needed: readonly (readonly [string, readonly Fact[], string])[] = [
    ["runs", firstRuns, "first"],
    ["is validated", firstValidates, "first"],
    ["waits in line", [...firstValidates, wasAsked("second")], "second"],
    ["starts", secondStarts, "second"],
    ["was replaced and is drained", secondRuns, "first"],
    ["was replaced and is kept warm", canaryRuns, "first"],
    [
      "failed, and is not gone yet",
      [...secondStarts, { type: "DeploymentFailed", deployment: "second", failure }],
      "second",
    ],
  ];
  it.each(needed)("that %s is none: it may be asked for yet", (_what, history, name) => {
    const own = request(name === "first" ? "first" : "second").artifact.digest;
    const story = given(...history);
    expect(unneededSinceMs(own, [story.state])).toBeUndefined();
    story.when({ ...artifact, digest: own }).thenNothing();
    story.when({ ...code, digest: own }).thenNothing();
  });

  it("that nobody deployed is none, and unneeded since ever", () => {
    const stranger = "f".repeat(64);
    const story = given(...retired);
    story.when({ ...artifact, digest: stranger }).thenNothing();
    expect(unneededSinceMs(stranger, [story.state])).toBe(0);
  });

  it("is needed as long as any agent needs it", () => {
    const [idle, busy] = [given(...retired).state, given(...firstRuns).state];
    expect(unneededSinceMs(digest, [idle])).toBe(0);
    expect(unneededSinceMs(digest, [idle, busy])).toBeUndefined();
  });
});
