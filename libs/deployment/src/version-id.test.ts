import { expect, it } from "vitest";
import { shortVersion, versionId } from "./version-id.ts";

it("names a version as the ADR does, in full and in short", () => {
  const id = versionId("proc", 2, "7f8d9abc");
  expect([id, shortVersion(id)]).toEqual(["proc-v2-7f8d9", "v2"]);
  expect(shortVersion("a-v1-b-v12-00000")).toBe("v12");
  expect(["none", "", "proc-v0-7f8d9", "proc-v2-7f8d9x"].map(shortVersion)).toEqual([
    "none",
    "",
    "proc-v0-7f8d9",
    "proc-v2-7f8d9x",
  ]);
});
