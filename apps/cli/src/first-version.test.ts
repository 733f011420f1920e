import { create } from "@bufbuild/protobuf";
import { ListAgentsResponseSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { expect, it } from "vitest";
import { firstVersionLines } from "./first-version.ts";

const canary = { isCanary: true };
const direct = { isCanary: false };
const gateway = {
  listAgents: () =>
    Promise.resolve(
      create(ListAgentsResponseSchema, {
        agents: [{ name: "thermo", activeVersion: "thermo-v1-7f8d9" }, { name: "never-ran" }],
      }),
    ),
};

it("says that a name came from the file, and which agents there are", async () => {
  expect(await firstVersionLines(gateway, "thermo2", direct, false)).toEqual([
    "→ New agent thermo2, named after the file; --agent makes it a version of one that is there: thermo",
  ]);
});

it("says that a canary of a first version is none", async () => {
  expect(await firstVersionLines(gateway, "never-ran", canary, true)).toEqual([
    "→ never-ran has no version to go back to: it gets all messages at once, no step is watched",
  ]);
});

it("says nothing where there is a version, nor where a first agent is deployed directly", async () => {
  expect(await firstVersionLines(gateway, "thermo", canary, false)).toEqual([]);
  const nobody = { listAgents: () => Promise.resolve(create(ListAgentsResponseSchema)) };
  expect(await firstVersionLines(nobody, "hello", direct, false)).toEqual([]);
});
