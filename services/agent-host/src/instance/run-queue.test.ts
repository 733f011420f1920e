import type { RunRequest, RunResult } from "@caxton/contracts/agent-run";
import type { Runner } from "@caxton/wasm-agent/runner";
import { expect, test } from "vitest";
import { queuedMax, RunQueue } from "./run-queue.ts";

const request = (index: number, hasStandIn?: boolean): RunRequest => ({
  routeRevision: 1,
  budgetMs: 1,
  messages: [{ index, id: `m${index}`, body: "{}" }],
  ...(hasStandIn === undefined ? {} : { hasStandIn }),
});

test("takes no more requests than may wait", () => {
  const queue = new RunQueue(() => undefined);
  const add = (): boolean =>
    queue.add(
      request(0),
      () => true,
      () => expect.unreachable("nobody runs it"),
    );
  for (let count = 0; count < queuedMax; count += 1) expect(add()).toBe(true);
  expect(add()).toBe(false);
});

test("what waits behind a message that hung is let go at once where another version stands in, and only there", async () => {
  const asked: string[] = [];
  const hung = { result: "failed", code: "agent-timeout", reason: "", retry: false, latencyMs: 1 } as const;
  const runner: Pick<Runner, "handleBatch"> = {
    async handleBatch(messages, { endsWithTimeout }) {
      asked.push(`${messages.map(({ id }) => id).join()} ${endsWithTimeout}`);
      return messages.map(() => hung);
    },
  };
  const queue = new RunQueue(() => expect.unreachable("the runner is of use"));
  const answers = [true, undefined, true].map((hasStandIn, index) => {
    const { promise, resolve } = Promise.withResolvers<readonly RunResult[] | undefined>();
    queue.add(request(index, hasStandIn), () => true, resolve);
    return promise;
  });
  queue.join(runner);
  expect((await Promise.all(answers)).map((results) => results?.[0]?.result)).toEqual([
    "failed",
    "failed",
    "unfinished",
  ]);
  expect(asked).toEqual(["m0 true", "m1 false"]);
});
