import { describe, expect, it } from "vitest";
import { commandAnswer } from "./command-answer.ts";

const id = "0190b5c8-7c3e-7aaa-8b1a-0242ac120002";
const deployment = "0190b5c8-7c3e-7bbb-8b1a-0242ac120002";

describe("an answer", () => {
  it("is yes with the deployment's state, or no with a code", () => {
    expect(commandAnswer.matches({ commandId: id, ok: true, agent: "p", deployment, state: "Validating" })).toBe(true);
    expect(commandAnswer.matches({ commandId: id, ok: false, error: { code: "queue-full", message: "wait" } })).toBe(
      true,
    );
    expect(commandAnswer.matches({ commandId: id, ok: false, agent: "p", deployment, state: "Queued" })).toBe(false);
  });
});
