import { defaultLimits } from "@caxton/contracts/limits";
import { describe, expect, it } from "vitest";
import { Admission, promisedBytes } from "./admission.ts";

const mebibyte = 1_048_576;
const ready = () => false;
const host = { host: "h1", maxStarting: 2, memoryMaxBytes: 400 * mebibyte };
const bytes = promisedBytes({ limits: { ...defaultLimits }, concurrency: 1 });

describe("a host", () => {
  it("promises no more memory than it has, and says what it has promised", () => {
    expect(bytes).toBe(144 * mebibyte);
    const admission = new Admission(host);
    expect(admission.ask("a", bytes, ready, 0)).toBeUndefined();
    expect(admission.ask("b", bytes, ready, 0)).toBeUndefined();
    expect(admission.ask("c", bytes, ready, 0)).toEqual({
      who: "h1",
      place: 1,
      waiting: 1,
      reason: "agent-host h1 has promised 288 of 400 MiB, an instance of it may take 144 MiB",
    });
    admission.left("a");
    expect(admission.ask("c", bytes, ready, 1)).toBeUndefined();
  });

  it("lets in who came first, also where one behind would fit", () => {
    const admission = new Admission(host);
    admission.ask("a", 300 * mebibyte, ready, 0);
    expect(admission.ask("b", 200 * mebibyte, ready, 0)).toMatchObject({ place: 1 });
    expect(admission.ask("c", 50 * mebibyte, ready, 0)).toMatchObject({ place: 2, waiting: 2 });
    admission.left("a");
    expect(admission.ask("c", 50 * mebibyte, ready, 1)).toMatchObject({ place: 2 });
    expect(admission.ask("b", 200 * mebibyte, ready, 1)).toBeUndefined();
    expect(admission.ask("c", 50 * mebibyte, ready, 2)).toBeUndefined();
  });

  it("keeps nobody waiting for one that never fits", () => {
    const admission = new Admission(host);
    expect(admission.ask("a", 500 * mebibyte, ready, 0)).toMatchObject({ place: 1 });
    expect(admission.ask("b", bytes, ready, 0)).toBeUndefined();
  });

  it("starts so many at once, and the next when one is ready", () => {
    const admission = new Admission({ ...host, memoryMaxBytes: 4_000 * mebibyte });
    let isStarting = true;
    admission.ask("a", bytes, () => isStarting, 0);
    admission.ask("b", bytes, () => true, 0);
    expect(admission.ask("c", bytes, () => true, 0)).toMatchObject({
      reason: expect.stringContaining("starts 2 at once"),
    });
    isStarting = false;
    expect(admission.ask("c", bytes, () => true, 1)).toBeUndefined();
  });
});
