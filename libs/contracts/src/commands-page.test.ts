import { readFileSync } from "node:fs";
import type { TSchema } from "./type.ts";
import { describe, expect, it } from "vitest";
import { deploymentCloudEvents, freezeCloudEvents } from "./cloud-event.ts";
import { commandAnswer } from "./command-answer.ts";
import { deployCommand } from "./command-message.ts";
import { commands } from "./commands.ts";
import { isErrorCode } from "./errors.ts";
import { checker } from "./schema.ts";

const page = readFileSync(new URL("../../../docs/commands.md", import.meta.url), "utf8");
const [intro = "", ...sections] = page.split(/^## /m);

const isParts = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The names of all fields that a schema has, at any depth. */
function fieldsOf(schema: unknown): readonly string[] {
  if (!isParts(schema)) return [];
  const { properties } = schema;
  const own = isParts(properties) ? Object.keys(properties) : [];
  return [
    ...own,
    ...Object.values(schema).flatMap((part) => (Array.isArray(part) ? part.flatMap(fieldsOf) : fieldsOf(part))),
  ];
}

describe("docs/commands.md", () => {
  it.each(Object.entries<{ readonly schema: TSchema }>(commands))(
    "tells of %s and of all its fields",
    (verb, { schema }) => {
      expect(intro + sections.find((section) => section.startsWith("Subjects"))).toContain(`\`${verb}\``);
      const untold = new Set(fieldsOf(schema).filter((field) => !new RegExp(`[\`."{ ]${field}[\`"]`).test(page)));
      expect([...untold]).toEqual([]);
    },
  );

  it("names only codes that there are", () => {
    const codes = /For commands: ([^.]+)\./.exec(page)?.[1]?.match(/[a-z-]+(?=`)/g) ?? [];
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
  });

  const blocks = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text = ""]): unknown => JSON.parse(text));
  const knows = Object.fromEntries(
    Object.entries({ ...deploymentCloudEvents, ...freezeCloudEvents }).map(([event, schema]) => [
      event,
      checker("event", schema),
    ]),
  );

  it("shows answers, commands and events as they are", () => {
    expect(blocks.length).toBeGreaterThan(4);
    for (const block of blocks.filter(isParts)) {
      const event = String(block["type"]).split(".")[2] ?? "";
      const isOther = "ok" in block ? commandAnswer.matches(block) : deployCommand.matches(block);
      expect([block, "specversion" in block ? knows[event]?.matches(block) : isOther]).toEqual([block, true]);
    }
  });
});
