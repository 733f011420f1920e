import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StoredEventSchema } from "@caxton/contracts/gen/caxton/v1/agent_deployment_pb.js";
import { expect, it } from "vitest";
import { eventLine } from "./event.ts";

const lineOf = (type: string, data: JsonObject): string =>
  eventLine(
    create(StoredEventSchema, {
      type,
      revision: 4,
      recordedAt: timestampFromMs(Date.UTC(2024, 10, 20, 10, 30)),
      data: { deployment: "0198c0de", ...data },
    }),
  );

it("says where the messages go", () => {
  const targets = [
    { version: "quake-v2-66576", share: 0.05 },
    { version: "quake-v1-7ec60", share: 0.95 },
  ];
  expect(lineOf("RouteChanged", { revision: 2, targets })).toBe(
    "   4  2024-11-20T10:30:00.000Z  RouteChanged          0198c0de  revision 2: quake-v2-66576 5%, quake-v1-7ec60 95%",
  );
  expect(lineOf("RouteChanged", { revision: 3, targets: [] })).toMatch(/revision 3: nowhere$/);
});

it("says why it failed", () => {
  const failure = { stage: "sandbox", code: "start-timeout", reason: "not within 5000 ms" };
  expect(lineOf("ValidationFailed", { failure })).toMatch(/start-timeout at sandbox: not within 5000 ms$/);
});

it("says what a verdict came to, and who decided about a step", () => {
  expect(lineOf("VerdictReached", { step: 2, decision: "promote", verdict: { outcome: "pass" } })).toMatch(
    /step 3: pass, promote$/,
  );
  expect(lineOf("CanaryPromoted", { step: 2, actor: "ada", reason: "looks good" })).toMatch(
    /step 3 by ada: looks good$/,
  );
});

it("shows an event of a type that came later than this program", () => {
  expect(lineOf("CanaryStarted", {})).toMatch(/CanaryStarted {9}0198c0de$/);
});
