import type { Retention } from "@caxton/contracts/retention";
import { expect, test } from "vitest";
import { inboxTakes, retentionLines } from "./retention.ts";
import { plain } from "./style.ts";

const stream = { firstSequence: 8, lastSequence: 20_020, messages: 20_013, bytes: 6_400_000, maxMessageBytes: 262_144 };
const young = { kind: "young", sequence: 8, message: "what is done is kept for 24 h; 8 was done 3 min ago" } as const;
const lane = {
  kind: "lane",
  sequence: 5,
  message: "the lane to attic has passed outcomes up to 4",
  by: "attic",
} as const;
const kept = { keptMs: 86_400_000, pressed: false, holds: [young] };
const all: Retention = {
  agent: "proc",
  inbox: { ...stream, stream: "CAXTON_INBOX_proc", maxBytes: 2 ** 30, firstStoredAtMs: 0, kept },
  outcomes: {
    ...stream,
    stream: "CAXTON_OUTCOME_proc",
    maxBytes: -1,
    maxMessages: 4_194_304,
    kept: { ...kept, holds: [young, lane] },
  },
  outbox: {
    ...stream,
    stream: "CAXTON_OUTBOX_proc",
    messages: 0,
    bytes: 0,
    maxBytes: -1,
    kept: { ...kept, holds: [] },
  },
  asOfMs: 200_000,
};

test("what is kept stands in a table with its real limits, and below it why, what holds it up marked", () => {
  expect(retentionLines(all, plain)).toEqual([
    "KEPT      MESSAGES  FROM      TO  OLDEST    BYTES             AT MOST  EACH AT MOST",
    "inbox       20,013     8  20,020   3 min  6.1 MiB             1.0 GiB     256.0 KiB",
    "outcomes    20,013     8  20,020       -  6.1 MiB  4,194,304 messages     256.0 KiB",
    "outbox           0     -       -       -      0 B            no limit     256.0 KiB",
    "",
    "  inbox: what is done is kept for 24 h; 8 was done 3 min ago",
    "  outcomes: what is done is kept for 24 h; 8 was done 3 min ago",
    "! outcomes: the lane to attic has passed outcomes up to 4",
  ]);
  expect(inboxTakes(all)).toBe("1.0 GiB in all, 256.0 KiB a message, at most 16 agents on the way");
});

test("an agent without an inbox and one whose ledger is away are told as that", () => {
  expect(retentionLines({ agent: "proc", asOfMs: 1 }, plain)).toEqual(["Nothing is kept: it has no inbox yet"]);
  expect(inboxTakes({ agent: "proc", asOfMs: 1 })).toMatch(/^nothing yet/);
  const unexplained = { code: "service-unavailable", message: "no ledger answers" };
  const { kept: _, ...inbox } = all.inbox ?? { kept, ...stream, stream: "", maxBytes: 0 };
  expect(retentionLines({ agent: "proc", inbox, unexplained, asOfMs: 1 }, plain).slice(2)).toEqual([
    "",
    "! Why is not known: no ledger answers",
  ]);
});
