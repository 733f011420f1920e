import { expect, it } from "vitest";
import { Absence } from "./absence.ts";

it("is a loss when nobody is there for as long as is allowed, from when it was asked first", () => {
  const absence = new Absence(500);
  absence.asked("nobody", 1_000, 1_001);
  absence.asked("nobody", 1_400, 1_499);
  expect(absence.lost).toBeUndefined();
  expect(absence.isAway).toBe(true);
  absence.asked("nobody", 1_490, 1_500);
  expect(absence.lost).toEqual({ sinceMs: 1_000, reason: "no instance of it was there for 500 ms" });
});

it("is none when a process comes in time, or the bus cannot say", () => {
  for (const found of ["there", "unknown"] as const) {
    const absence = new Absence(500);
    absence.asked("nobody", 0, 400);
    absence.asked(found, 410, 420);
    absence.asked("nobody", 430, 900);
    expect(absence.lost).toBeUndefined();
  }
});

it("waits ten times as long for one that only says nothing: it may be slow", () => {
  const absence = new Absence(500);
  absence.asked("silence", 0, 500);
  absence.asked("silence", 550, 4_999);
  expect(absence.lost).toBeUndefined();
  absence.asked("silence", 5_000, 5_500);
  expect(absence.lost).toMatchObject({ sinceMs: 0, reason: "no instance of it answered for 5500 ms" });
});

it("is a loss when processes end by themselves three times, each of them started again in time", () => {
  const absence = new Absence(500);
  const reasons = [
    "ended by SIGKILL",
    "exited with 0",
    "out of memory: its group's limit was reached",
    "ended by SIGSEGV",
  ];
  for (const reason of reasons) {
    absence.asked("there", 0, 10);
    expect(absence.lost).toBeUndefined();
    absence.exited(reason);
  }
  absence.asked("there", 20, 30);
  expect(absence.lost).toEqual({
    sinceMs: 30,
    reason: "its processes ended 3 times; the last process of it: ended by SIGSEGV",
  });
});
