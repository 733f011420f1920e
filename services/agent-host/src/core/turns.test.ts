import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("so many at once, then one for each that is over", async () => {
  const turns = new Turns(2);
  const order: number[] = [];
  const take = async (n: number) => {
    const over = await turns.take();
    order.push(n);
    return over;
  };
  const [first, second] = await Promise.all([take(1), take(2)]);
  const third = take(3);
  const fourth = take(4);
  await Promise.resolve();
  expect(order).toEqual([1, 2]);
  first?.();
  first?.();
  (await third)();
  second?.();
  await fourth;
  expect(order).toEqual([1, 2, 3, 4]);
});
