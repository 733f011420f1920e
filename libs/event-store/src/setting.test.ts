import { describe, expect, test } from "vitest";
import { inOwnWords } from "./connection-string.ts";
import { requireEventStore } from "./setting.ts";

const refusal = (choice: string): Error => {
  try {
    requireEventStore(choice);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error(`${choice} was taken`);
};

describe("the event store's setting", () => {
  test.each([
    "jetstream",
    "kurrentdb://127.0.0.1:2113?tls=false",
    "kurrentdb+discover://user:p%40ss@cluster:2113",
    "esdb://a:2113,b:2113?tls=true&throwOnAppendFailure=true",
    "esdb+discover://db",
    "kurrentdb://db/?Keep_Alive-Interval=-1&connectionName=ours&nodePreference=Leader",
  ])("takes %s", (choice) => {
    expect(() => requireEventStore(choice)).not.toThrow();
  });

  test.each(["", "redis://x", "JetStream", "kurrentdb:127.0.0.1", "http://db:2113"])("refuses '%s'", (choice) => {
    expect(refusal(choice)).toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("none of: jetstream, "),
    });
  });

  test.each([
    "kurrentdb://db?throwOnAppendFailure=false",
    "esdb://db?tls=false&ThrowOnAppendFailure=false",
    "kurrentdb://db?throw_on-append_failure= false&tls=false",
  ])("refuses %s, under which a refused append looks stored", (choice) => {
    expect(refusal(choice)).toMatchObject({
      code: "invalid-argument",
      message: /throwOnAppendFailure that takes true/,
    });
  });

  test("refuses to read from a follower, which may not have yet what was just stored", () => {
    expect(refusal("kurrentdb://db?nodePreference=follower").message).toMatch(/nodePreference that takes leader/);
  });

  test.each([
    ["an unknown option, which the client answers by printing all of it", "?tls=false&passwort=changeit", /'passwort'/],
    ["a number that is none", "?gossipTimeout=changeit", /gossipTimeout that takes a whole number/],
    ["a flag that is none", "?tls=changeit", /tls that takes true or false/],
    ["an option without a value", "?tls", /name=value/],
    ["an option with two", "?tls=false=changeit", /name=value/],
    ["two question marks", "?tls=false?changeit=1", /no connection string such as/],
    ["an address in an option", "?connectionName=changeit@home", /no connection string such as/],
  ])("refuses %s", (_, query, message) => {
    const { message: said } = refusal(`kurrentdb://admin:changeit@db:2113${query}`);
    expect(said).toMatch(message);
    expect(said).not.toContain("changeit");
  });

  test.each(["redis://admin:changeit@db", "kurrentdb://admin:chan@geit@db", "kurrentdb://admin:chan?geit=1@db"])(
    "shows nothing of %s that may be secret",
    (choice) => {
      expect(refusal(choice).message).not.toMatch(/chan|geit|admin/);
    },
  );
});

test.each([
  ["kurrentdb://db", "kurrentdb://db?keepAliveTimeout=10003"],
  ["esdb+discover://db/?tls=false", "kurrentdb+discover://db?tls=false&keepAliveTimeout=10003"],
  ["kurrentdb://a:1,b:2/?keep_alive-timeout=500&tls=false", "kurrentdb://a:1,b:2?keepAliveTimeout=503&tls=false"],
])("%s as the client is given it the third time", (value, given) => {
  requireEventStore(given);
  expect(inOwnWords(value, 3)).toBe(given);
});
