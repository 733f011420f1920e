import type { Outcome } from "@caxton/contracts/outcome";
import { describe, expect, it } from "vitest";
import { ExperimentCount } from "./experiment-count.ts";
import { toldBy, type Trial } from "./told-by-outcome.ts";

const trial: Trial = { version: "b", stable: "a", routeRevision: 2 };
type Attempt = Outcome["attempts"][number];
const handledBy = (version: string, more: Partial<Attempt> = {}): Attempt => ({
  version,
  routeRevision: 2,
  result: "handled",
  latencyMs: 1,
  ...more,
});
const failedBy = (version: string): Attempt => handledBy(version, { result: "failed", code: "agent-failure" });
const says = (body: unknown, kind = "assessment") => ({ kind, body: JSON.stringify(body) });
const outcome = (attempts: readonly Attempt[], ...outputs: Outcome["outputs"]): Outcome => ({
  schemaVersion: 1,
  agent: "agent",
  epoch: "1",
  sequence: 1,
  messageId: "1",
  result: attempts.at(-1)?.result === "handled" ? "handled" : "dead-lettered",
  attempts: [...attempts],
  outputs,
  hops: 0,
  receivedAtMs: 0,
  decidedAtMs: 1,
});

function count(measure: ConstructorParameters<typeof ExperimentCount>[0], ...outcomes: readonly Outcome[]) {
  const counted = new ExperimentCount(measure);
  for (const one of outcomes) counted.add(one, toldBy(one, trial));
  return counted.tally;
}

describe("what an A/B test counts", () => {
  const score = { kind: "mean", path: "$.score", better: "higher" } as const;

  it("is a value for each message that its own version handled: the mean of what its outputs carry", () => {
    const tally = count(
      score,
      outcome([handledBy("a")], says({ score: 2 })),
      outcome([handledBy("a")], says({ score: 4 })),
      outcome([handledBy("b")], says({ score: 5 }), says({ score: 7 })),
      outcome([handledBy("b")], says({ other: 1 })),
      outcome([handledBy("b")], { kind: "assessment", body: "no JSON" }, says({ score: "5" })),
      outcome([handledBy("b")]),
    );
    expect(tally).toEqual({
      stable: { messages: 2, samples: 2, mean: 3, squares: 2 },
      candidate: { messages: 4, samples: 1, mean: 6, squares: 0 },
      leftOut: 0,
    });
  });

  it("is of outputs of one kind where one is named", () => {
    const one = outcome([handledBy("b")], says({ score: 1 }, "note"), says({ score: 9 }));
    expect(count({ ...score, output: "assessment" }, one).candidate).toMatchObject({ samples: 1, mean: 9 });
  });

  it("is how many messages have an output of a kind, however many outputs that are", () => {
    const rate = { kind: "rate", output: "alert", better: "lower" } as const;
    const tally = count(
      rate,
      outcome([handledBy("a")], says({}, "alert"), says({}, "alert")),
      outcome([handledBy("a")]),
      outcome([handledBy("b")], says({}, "note")),
    );
    expect(tally.stable).toMatchObject({ messages: 2, samples: 2, mean: 0.5 });
    expect(tally.candidate).toMatchObject({ messages: 1, samples: 1, mean: 0 });
  });

  it("leaves out what fell back, overflowed, was tried again or failed, and does not see what came before", () => {
    const tally = count(
      score,
      outcome([failedBy("b"), handledBy("a")], says({ score: 1 })),
      outcome([handledBy("a", { overflowedFrom: "b" })], says({ score: 1 })),
      outcome([failedBy("a"), handledBy("a")], says({ score: 1 })),
      outcome([failedBy("b"), failedBy("a")]),
      outcome([handledBy("a", { routeRevision: 1 })], says({ score: 1 })),
    );
    expect(tally).toMatchObject({ stable: { messages: 0 }, candidate: { messages: 0 }, leftOut: 4 });
  });
});
