import { describe, expect, it } from "vitest";
import {
  artifactMaxBytes,
  defaultLimits,
  inboxMaxBytes,
  inboxMessageMaxBytes,
  outcomeMaxBytes,
  VersionLimits,
} from "./limits.ts";
import { checker } from "./schema.ts";

describe("limits", () => {
  it("in force by default are among those that may be set", () => {
    expect(checker("limits", VersionLimits).matches(defaultLimits)).toBe(true);
  });

  it("leave room for the largest message in a dead letter, written in base64", () => {
    const headersMaxBytes = 64 * 1024;
    expect(Math.ceil(inboxMessageMaxBytes / 3) * 4 + headersMaxBytes).toBeLessThan(outcomeMaxBytes);
  });

  it("keep an outcome below what nats-server takes in one message, 1 MiB unless configured otherwise", () => {
    expect(outcomeMaxBytes).toBeLessThan(1024 * 1024);
  });

  it("let an inbox hold many of the largest messages", () => {
    expect(inboxMaxBytes / inboxMessageMaxBytes).toBeGreaterThan(1_000);
    expect(artifactMaxBytes).toBeGreaterThan(12 * 1024 * 1024);
  });
});
