import { describe, expect, it } from "vitest";
import { busAddress } from "./address.ts";

describe("the address of nats-server", () => {
  it.each([
    ["nats://127.0.0.1:4222", ["nats://127.0.0.1:4222"], undefined],
    ["127.0.0.1", ["127.0.0.1"], undefined],
    ["nats://[::1]:4222", ["nats://[::1]:4222"], undefined],
    ["nats://caxton:s3cret@bus:4222", ["nats://bus:4222"], { user: "caxton", pass: "s3cret" }],
    ["tls://caxton:a%3Ab@c@bus", ["tls://bus"], { user: "caxton", pass: "a:b@c" }],
    ["nats://token@bus", ["nats://bus"], { user: "token", pass: "" }],
    ["nats://u:p@one:1, nats://u:p@two:2", ["nats://one:1", "nats://two:2"], { user: "u", pass: "p" }],
  ])("%s", (text, servers, credentials) => {
    const address = busAddress(text);
    expect(address).toMatchObject({ servers, shown: servers.join(",") });
    expect(address.credentials).toEqual(credentials);
  });

  it("that cannot be read is refused without being shown", () => {
    const refused = expect.objectContaining({
      code: "invalid-argument",
      message: expect.not.stringContaining("s3cret"),
    });
    expect(() => busAddress("nats://u:s3cret@")).toThrow(refused);
  });
});
