import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { artifactMaxBytes } from "@caxton/contracts/limits";
import { artifactBucket } from "@caxton/contracts/subjects";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayUnderTest, startGatewayUnderTest } from "./gateway-harness.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const mebibyte = 1024 * 1024;

describe("uploads by digest", () => {
  let under: GatewayUnderTest;
  beforeAll(async () => {
    under = await startGatewayUnderTest();
  });
  afterAll(() => under[Symbol.asyncDispose]());

  const put = (digest: string, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>) =>
    under.fetch(`/artifacts/${digest}`, { method: "PUT", body, duplex: "half" });
  const isThere = async (digest: string) => (await under.bus.objects(artifactBucket)).has(digest);

  test("what arrives is what was sent, HEAD knows it, and a second time nothing is stored", async () => {
    const bytes = randomBytes(3 * mebibyte);
    const digest = sha256(bytes);
    expect((await under.fetch(`/artifacts/${digest}`, { method: "HEAD" })).status).toBe(404);
    const first = await put(digest, bytes);
    expect([first.status, await first.json()]).toEqual([201, { digest, sizeBytes: bytes.length, stored: true }]);
    const head = await under.fetch(`/artifacts/${digest}`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
    expect(sha256((await (await under.bus.objects(artifactBucket)).get(digest)) ?? new Uint8Array())).toBe(digest);
    const second = await put(digest, bytes);
    expect([second.status, await second.json()]).toEqual([200, { digest, sizeBytes: bytes.length, stored: false }]);
  });

  test("bytes of another digest are refused and nothing stays", async () => {
    const announced = sha256(Buffer.from("something else"));
    const answer = await put(announced, randomBytes(mebibyte));
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: "digest-mismatch" }]);
    expect(await isThere(announced)).toBe(false);
  });

  test("an empty file and a digest that is none are refused", async () => {
    const empty = await put(sha256(new Uint8Array()), new Uint8Array());
    expect([empty.status, await empty.json()]).toMatchObject([400, { code: "artifact-empty" }]);
    const odd = await put("ABC", new Uint8Array(1));
    expect([odd.status, await odd.json()]).toMatchObject([400, { code: "invalid-argument" }]);
  });

  test("200 MB are refused by what is announced, with the bound, before they are sent", async () => {
    const { hostname, port } = new URL(under.gateway.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(
      `PUT /artifacts/${"0".repeat(64)} HTTP/1.1\r\nHost: x\r\nContent-Length: 209715200\r\n\r\nonly a little`,
    );
    let answer = "";
    for await (const chunk of socket.setEncoding("utf8")) {
      answer += String(chunk);
      if (answer.includes("}")) break;
    }
    expect(answer).toContain("413");
    expect(answer).toContain("artifact-too-large");
    expect(answer).toContain("209715200");
    expect(answer).toContain(String(artifactMaxBytes));
  });

  test("200 MB without an announced length are not taken into memory, and their sender gets the answer", async () => {
    const chunk = new Uint8Array(mebibyte);
    let left = 200;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left === 0) controller.close();
        else controller.enqueue(chunk);
        left -= 1;
      },
    });
    const beforeBytes = process.memoryUsage().rss;
    const answer = await put("1".repeat(64), body);
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: "artifact-too-large" }]);
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(150 * mebibyte);
    expect(await isThere("1".repeat(64))).toBe(false);
  });

  test("a sender who leaves in the middle leaves nothing behind", async () => {
    const bytes = randomBytes(2 * mebibyte);
    const digest = sha256(bytes);
    const { hostname, port } = new URL(under.gateway.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT /artifacts/${digest} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    await new Promise<void>((resolve) => socket.write(bytes.subarray(0, mebibyte), () => resolve()));
    socket.destroy();
    expect((await put(digest, bytes)).status).toBe(201);
    expect(sha256((await (await under.bus.objects(artifactBucket)).get(digest)) ?? new Uint8Array())).toBe(digest);
  });
});
