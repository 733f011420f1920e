import { describe, expect, it } from "vitest";
import { AgentDescription } from "./agent-description.ts";
import { checker } from "./schema.ts";

const description = checker("description", AgentDescription, "description-invalid");
const accepted = { kind: "quake", schema: { type: "object" }, examples: [{ mag: 4.1 }] };
const least = { name: "quake-watch", version: "1.0.0", accepts: [accepted], emits: [] };

describe("a description", () => {
  it("needs a name, a version, and a kind it accepts with an example", () => {
    expect(description.check(least)).toBe(least);
    const emitted = { kind: "alert", to: "pager", schema: true };
    expect(description.matches({ ...least, shortName: "quake", emits: [emitted], stateVersion: 1 })).toBe(true);
  });

  it.each([
    [{ ...least, name: "Quake Watch" }, 'description at /name: must match pattern "^[a-z][a-z0-9-]{0,47}$"'],
    [{ ...least, shortName: "quake-watch" }, 'description at /shortName: must match pattern "^[a-z][a-z0-9]{0,15}$"'],
    [{ ...least, accepts: [] }, "description at /accepts: must NOT have fewer than 1 items"],
    [
      { ...least, accepts: [{ ...accepted, examples: [] }] },
      "description at /accepts/0/examples: must NOT have fewer than 1 items",
    ],
    [
      { ...least, accepts: [{ ...accepted, kind: "a.b" }] },
      'description at /accepts/0/kind: must match pattern "^[A-Za-z0-9_-]{1,64}$"',
    ],
    [{ ...least, emits: [{ kind: "alert" }] }, "description at /emits/0: must have required property 'schema'"],
    [{ ...least, emit: [] }, "description: must NOT have additional properties 'emit'"],
    ["{}", "description: must be object"],
  ])("refuses %j", (value, message) => {
    expect(() => description.check(value)).toThrow(expect.objectContaining({ code: "description-invalid", message }));
  });
});
