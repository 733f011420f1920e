import { describe, expect, it } from "vitest";
import { forgetClosed, noRoute, shiftRoute } from "./route.ts";
import { versionId } from "./version-id.ts";

describe("a route", () => {
  const canary = shiftRoute({ revision: 4, targets: [{ version: "old", share: 1 }], closed: [] }, "new", 0.05, "old");

  it("gives the candidate its share and the stable version the rest", () => {
    expect(canary).toEqual({
      revision: 5,
      targets: [
        { version: "new", share: 0.05 },
        { version: "old", share: 0.95 },
      ],
      closed: [],
    });
  });

  it("closes what leaves and opens what comes back", () => {
    const back = shiftRoute(canary, undefined, 0, "old");
    expect(back).toEqual({
      revision: 6,
      targets: [{ version: "old", share: 1 }],
      closed: [{ version: "new", revision: 6 }],
    });
    const again = shiftRoute(back, "new", 1, "old");
    expect(again).toEqual({
      revision: 7,
      targets: [{ version: "new", share: 1 }],
      closed: [{ version: "old", revision: 7 }],
    });
  });

  it("keeps the revision at which a version closed, however often the route changes afterwards", () => {
    const closed = shiftRoute(canary, "new", 1, "old");
    const later = shiftRoute(shiftRoute(closed, "newer", 0.5, "new"), "newer", 1, "new");
    expect(later.closed).toEqual([
      { version: "old", revision: 6 },
      { version: "new", revision: 8 },
    ]);
  });

  it("gives everything to a first version, since there is nobody for the rest", () => {
    expect(shiftRoute(noRoute, "new", 0.05, undefined).targets).toEqual([{ version: "new", share: 1 }]);
  });

  it("forgets a version whose processes are gone, under the same revision", () => {
    const closed = shiftRoute(canary, "new", 1, "old");
    expect(forgetClosed(closed, "old")).toEqual({ ...closed, closed: [] });
  });
});

describe("a version id", () => {
  it("is the short name, the number and five digits, as in the ADR", () => {
    expect(versionId("proc", 2, "7f8d9c0a")).toBe("proc-v2-7f8d9");
  });
});
