import { describe, expect, it } from "vitest";
import { commands, commandVerbs, isCommandVerb } from "./commands.ts";

describe("verbs", () => {
  it("are those of the table, and nothing that objects inherit", () => {
    expect(commandVerbs.every(isCommandVerb)).toBe(true);
    expect(["Deploy", "delete", "constructor", ""].some(isCommandVerb)).toBe(false);
  });

  it.each(Object.entries(commands))(
    "%s reads its own example, and refuses what else is in it",
    (verb, { read, example }) => {
      expect(read(example)).toEqual({ verb, message: example });
      const refused = expect.objectContaining({ code: "invalid-command" });
      expect(() => read({ ...example, misspelled: 1 })).toThrow(refused);
    },
  );
});
