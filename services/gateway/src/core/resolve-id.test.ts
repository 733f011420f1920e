import { expect, it } from "vitest";
import { emptyView } from "./agent-view.ts";
import { resolveAgent, unknownAgent } from "./resolve-id.ts";

const views = ["processor", "quake-watch", "quake-map"].map(emptyView);

it("names the agent that was probably meant, and what to do next", () => {
  expect(unknownAgent(views, "procesor")).toMatchObject({
    code: "unknown-agent",
    message: "no agent 'procesor' was ever deployed here; did you mean 'processor'? `caxton list` shows what there is",
  });
  expect(() => resolveAgent(views, "quake-wacth")).toThrow("did you mean 'quake-watch'?");
});

it("means the whole name where the beginning of one stands, and nothing where that fits two or none", () => {
  expect(unknownAgent(views, "quake-w").message).toContain("did you mean 'quake-watch'?");
  expect(unknownAgent(views, "quake").message).not.toContain("did you mean");
  expect(unknownAgent(views, "x").message).toBe(
    "no agent 'x' was ever deployed here; `caxton list` shows what there is",
  );
});

it("says how the first agent comes where there is none", () => {
  expect(unknownAgent([], "processor").message).toBe(
    "no agent 'processor' was ever deployed here; `caxton deploy agent <file.wasm>` brings the first",
  );
});
