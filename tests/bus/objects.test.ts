import { expect, test } from "vitest";
import { all, bytes, startBus } from "./bus-harness.ts";

function streamOf(chunks: readonly Uint8Array[], failure?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
}

const content = new Uint8Array(1_600_000).map((_, at) => (at * 31) % 251);

test("an object comes back as it went in, is replaced and deleted", async () => {
  await using at = await startBus();
  const objects = await at.bus.objects("artifacts");
  expect(await objects.has("x")).toBe(false);
  expect(await objects.list()).toEqual([]);
  expect(await objects.get("x")).toBeUndefined();
  await objects.put("x", streamOf([content.subarray(0, 700_000), content.subarray(700_000)]));
  expect(await objects.has("x")).toBe(true);
  expect(await objects.sizeBytes("x")).toBe(content.length);
  expect(await objects.get("x")).toEqual(content);
  await objects.put("x", streamOf([bytes("other")]));
  expect(await objects.get("x")).toEqual(bytes("other"));
  await objects.put("empty", streamOf([]));
  expect(await objects.get("empty")).toEqual(new Uint8Array());
  const listed = await objects.list();
  expect(listed.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
    ["x", 5],
    ["empty", 0],
  ]);
  expect(Math.abs((listed[0]?.storedAtMs ?? 0) - Date.now())).toBeLessThan(30_000);
  await objects.delete("x");
  await objects.delete("x");
  expect((await objects.list()).map(({ name }) => name)).toEqual(["empty"]);
  expect(await objects.get("x")).toBeUndefined();
});

test("nothing stays of a stream that fails at its very end", async () => {
  await using at = await startBus();
  const objects = await at.bus.objects("artifacts");
  await objects.put("kept", streamOf([bytes("first")]));
  const before = await at.bus.streams.info("OBJ_artifacts");
  for (const name of ["new", "kept"]) {
    const failing = objects.put(name, streamOf([content], new Error("digest mismatch")));
    await expect(failing).rejects.toThrow("digest mismatch");
  }
  expect(await objects.has("new")).toBe(false);
  expect(await objects.get("kept")).toEqual(bytes("first"));
  const after = await at.bus.streams.info("OBJ_artifacts");
  expect(after?.messages).toBe(before?.messages);
  expect(await all(at.bus.streams.read("OBJ_artifacts", { filterSubject: "$O.artifacts.M.>" }))).toHaveLength(1);
});
