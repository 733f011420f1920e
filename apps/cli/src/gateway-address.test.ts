import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gatewayAddress } from "./gateway-address.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "caxton-cli-"));
  mkdirSync(join(folder, ".caxton", "data"), { recursive: true });
  mkdirSync(join(folder, "deep", "inside"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (content: string): void => writeFileSync(join(folder, ".caxton", "data", "caxton.json"), content);

it("is the option's before the environment's before the file's", () => {
  write('{"httpUrl": "http://127.0.0.1:3"}');
  expect(gatewayAddress("http://127.0.0.1:1/", "http://127.0.0.1:2", folder).url).toBe("http://127.0.0.1:1");
  expect(gatewayAddress(undefined, "http://127.0.0.1:2", folder).url).toBe("http://127.0.0.1:2");
  expect(gatewayAddress(undefined, "", folder).url).toBe("http://127.0.0.1:3");
});

it("is found from further down, and says where it comes from", () => {
  write('{"httpUrl": "http://127.0.0.1:3"}');
  expect(gatewayAddress(undefined, undefined, join(folder, "deep", "inside"))).toEqual({
    url: "http://127.0.0.1:3",
    source: `from ${join(folder, ".caxton", "data", "caxton.json")}`,
  });
});

it("is the default where nobody says anything", () => {
  expect(gatewayAddress(undefined, undefined, join(folder, "deep"))).toEqual({
    url: "http://127.0.0.1:7420",
    source: "the default",
  });
});

it.each(["", "{}", '{"httpUrl": 3}', "not JSON"])("refuses a file that says '%s'", (content) => {
  write(content);
  expect(() => gatewayAddress(undefined, undefined, folder)).toThrow("cannot be used");
});

it.each(["localhost:7420", "nats://127.0.0.1:4222", "x"])("refuses %s", (text) => {
  expect(() => gatewayAddress(text, undefined, folder)).toThrow(`'${text}' (from --gateway) is no gateway URL`);
});
