import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CommandEntrySchema } from "@caxton/contracts/gen/caxton/v1/operations_pb.js";
import { expect, it } from "vitest";
import { commandLine } from "./command-entry.ts";
import { plain } from "./style.ts";

const seen = { id: "seq-7", principal: "ops", receivedAt: timestampFromMs(0) };
const line = (entry: Parameters<typeof create<typeof CommandEntrySchema>>[1]) =>
  commandLine(create(CommandEntrySchema, { ...seen, ...entry }), plain);

it("a command is one line, whatever it holds", () => {
  expect(
    line({ verb: "deploy", agent: "quake", result: "accepted", deploymentId: "d1", deploymentState: "Queued" }),
  ).toMatch(/^1970-01-01T00:00:00.000Z {2}ACCEPTED {2}ops {9}deploy {4}quake {13}seq-7 +Queued, deployment d1$/);
  expect(line({ result: "refused", errorCode: "invalid-command", errorMessage: "a\u001B[31m\nb" })).toMatch(
    / {2}REFUSED {3}ops {9}- {9}- {17}seq-7 +invalid-command: a \[31m b$/,
  );
  expect(line({ result: "waiting" })).toMatch(/not answered yet$/);
  expect(line({ result: "accepted", repeated: 2, differed: true, actor: "Ada" })).toMatch(
    /\(came again 2 times, asking for something else, which was not done\) \(Ada\)$/,
  );
});
