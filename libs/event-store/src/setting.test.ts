import { describe, expect, test } from "vitest";
import { requireEventStore } from "./setting.ts";

describe("the event store's setting", () => {
  test.each([
    "jetstream",
    "kurrentdb://127.0.0.1:2113?tls=false",
    "kurrentdb+discover://user:p@ss@cluster:2113",
    "esdb://a:2113,b:2113?tls=true&throwOnAppendFailure=true",
    "esdb+discover://db",
  ])("takes %s", (choice) => {
    expect(() => requireEventStore(choice)).not.toThrow();
  });

  test.each(["", "redis://x", "JetStream", "kurrentdb:127.0.0.1", "http://db:2113"])("refuses '%s'", (choice) => {
    expect(() => requireEventStore(choice)).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: expect.stringContaining("none of: jetstream, ") }),
    );
  });

  test.each([
    "kurrentdb://db?throwOnAppendFailure=false",
    "esdb://db?tls=false&ThrowOnAppendFailure=false",
    "kurrentdb://db?throw_on-append_failure= false&tls=false",
  ])("refuses %s, under which a refused append looks stored", (choice) => {
    expect(() => requireEventStore(choice)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });

  test("shows nothing that may be secret", () => {
    expect(() => requireEventStore("redis://admin:changeit@db")).toThrow(/^(?!.*changeit)/);
  });
});
