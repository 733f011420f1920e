import {
  DeadlineExceededError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamNotFoundError,
  UnavailableError,
  UnknownError,
  WrongExpectedVersionError,
} from "@kurrent/kurrentdb-client";
import { describe, expect, test } from "vitest";
import { actualRevision, isAway, isRefusal, makesClientReconnect, NoAnswer, toStoreError } from "./errors.ts";

const coded = (code: number): Error & { code: number } => Object.assign(new Error(""), { code });
type State = WrongExpectedVersionError["actualState"];
const wrong = (current: State): WrongExpectedVersionError =>
  new WrongExpectedVersionError(undefined, { streamName: "agent-a", expected: 0n, current });
/** The client's classes have private ways of being made; these are made as it makes them. */
const made = (kind: object, ...args: unknown[]): unknown =>
  typeof kind === "function" ? Reflect.construct(kind, args) : undefined;

describe("unavailable in its three shapes, and our own deadline", () => {
  test.each([
    ["with a code", made(UnavailableError, coded(14))],
    ["with the code of SIGTERM", made(UnavailableError, coded(13))],
    ["without a code", made(UnavailableError)],
    ["raw from gRPC, without a type", coded(14)],
    ["raw from gRPC with the code of SIGTERM", coded(13)],
    ["no node of a cluster, an error of no kind", new Error("Failed to discover after 10 attempts.")],
    ["the client's deadline", made(DeadlineExceededError, coded(4))],
    ["our deadline", new NoAnswer("no answer within 5 ms")],
  ])("%s", (_, error) => {
    expect(isAway(error)).toBe(true);
    expect(toStoreError(error, "the store")).toMatchObject({ code: "store-unavailable", cause: error });
  });

  test("what the server understood and refused is not away", () => {
    expect(isAway(made(UnknownError, coded(2)))).toBe(false);
    expect(isAway(wrong(3n))).toBe(false);
    expect(isAway(coded(3))).toBe(false);
  });
});

test("only what the server understood and refused leaves the connection beyond doubt", () => {
  expect([wrong(3n), made(StreamNotFoundError, undefined, "agent-a")].map(isRefusal)).toEqual([true, true]);
  expect([new NoAnswer("late"), coded(14), made(UnknownError, coded(2))].map(isRefusal)).toEqual([false, false, false]);
});

test("after an unavailable server the client connects again by itself, after a silent one or no node it does not", () => {
  const typed = made(UnavailableError, coded(14));
  expect([typed, made(UnavailableError), coded(14), coded(13)].map(makesClientReconnect)).toEqual(Array(4).fill(true));
  const others = [
    new NoAnswer("late"),
    new Error("Failed to discover after 10 attempts."),
    coded(4),
    made(UnknownError, coded(2)),
  ];
  expect(others.map(makesClientReconnect)).toEqual(Array(4).fill(false));
});

test("a wrong revision says which it is: a number, or none", () => {
  expect([actualRevision(wrong("no_stream")), actualRevision(wrong(7n))]).toEqual([-1, 7]);
});

test("other refusals have codes of their own, though their name is always 'Error' and their message empty", () => {
  const code = (error: unknown): string => toStoreError(error, "the store").code;
  expect(code(made(StreamNotFoundError, undefined, "agent-a"))).toBe("stream-not-found");
  expect(toStoreError(made(StreamDeletedError, undefined, "agent-a"), "x")).toMatchObject({
    code: "stream-not-found",
    message: /agent-a .*tombstone/,
  });
  expect(toStoreError(made(MaxAppendSizeExceededError, undefined, 1_048_576), "x")).toMatchObject({
    code: "append-too-large",
    details: { maxBytes: 1_048_576 },
  });
  expect(code(made(UnknownError, coded(2)))).toBe("internal");
});
