import type { RefusalCode } from "@caxton/deployment/command";
import { describe, expect, it } from "vitest";
import { CaxtonError, errorCodes, type ErrorCode, hasCode, isErrorCode, toCaxtonError } from "./errors.ts";

const codes = Object.entries(errorCodes);
/** https://grpc.io/docs/guides/status-codes/ without `ok`, `unknown`, `data_loss` and `unauthenticated`, which nothing here means. */
const grpcCodes = [
  "aborted",
  "already_exists",
  "deadline_exceeded",
  "failed_precondition",
  "internal",
  "invalid_argument",
  "not_found",
  "out_of_range",
  "permission_denied",
  "resource_exhausted",
  "unavailable",
  "unimplemented",
];

describe("the error codes", () => {
  it.each(codes)("%s has a meaning in a sentence, a gRPC code and an exit code", (code, { meaning, grpc, exit }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(meaning).toMatch(/^\S.{10,}[.?]$/);
    expect(grpcCodes).toContain(grpc);
    expect([1, 2, 3, 4, 5, 6, 7]).toContain(exit);
  });

  it("mean different things", () => {
    expect(new Set(codes.map(([, { meaning }]) => meaning)).size).toBe(codes.length);
  });

  it("exit as scripts expect: what is not found with 3, what is unreachable with 6, what is late with 7", () => {
    const exitsOf = (wanted: string) =>
      new Set(codes.filter(([, { grpc }]) => grpc === wanted).map(([, { exit }]) => exit));
    expect(exitsOf("not_found")).toEqual(new Set([3]));
    expect(exitsOf("unavailable")).toEqual(new Set([6]));
    expect(exitsOf("already_exists")).toEqual(new Set([4]));
    expect(errorCodes["timeout"].exit).toBe(7);
  });
});

const exitCodes = [
  [0, "It is done."],
  [1, "A fault of ours, or of an agent on a message."],
  [2, "Bad input: correct it and try again."],
  [3, "Not found."],
  [4, "Refused by a rule: the message says which."],
  [5, "Refused by validation: the agent has to change."],
  [6, "Something is unavailable: try again later."],
  [7, "Out of time: the work may still be going on."],
] as const;

const page = `# Error codes

Everything that can go wrong and is told to a user, a script or another service has one of these codes: in the \`error.code\`
of a command's answer, in a dead letter, in a validation finding, in the CLI's \`--json\` output and in log lines. The message
beside it holds the value, the bound and what to do next. The table is \`libs/contracts/src/errors.ts\`; this page is written
from it by \`pnpm exec vitest run -u libs/contracts/src/errors.test.ts\`, and a test fails where the two differ.

## Exit codes of the CLI

| exit | means |
| ---: | --- |
${exitCodes.map(([exit, means]) => `| ${exit} | ${means} |`).join("\n")}

## Codes

| code | meaning | gRPC | exit |
| --- | --- | --- | ---: |
${codes.map(([code, { meaning, grpc, exit }]) => `| \`${code}\` | ${meaning} | \`${grpc}\` | ${exit} |`).join("\n")}
`;

describe("docs/errors.md", () => {
  it("has every code with its meaning, its gRPC code and its exit code", async () => {
    await expect(page).toMatchFileSnapshot("../../../docs/errors.md");
  });
});

describe("the domain's refusals", () => {
  it("have codes of the table: this does not compile where they have not", () => {
    const asCode: (code: RefusalCode) => ErrorCode = (code) => code;
    expect(isErrorCode(asCode("queue-full"))).toBe(true);
  });
});

describe("a CaxtonError", () => {
  it("carries its code, and ids and bounds for machines", () => {
    const cause = new Error("connection refused");
    const error = new CaxtonError("bus-unavailable", "no answer", { cause, details: { port: 4222 } });
    expect(error).toMatchObject({ name: "CaxtonError", code: "bus-unavailable", details: { port: 4222 }, cause });
    expect(new CaxtonError("internal", "x")).not.toHaveProperty("cause");
  });

  it("is told by its code", () => {
    const error = new CaxtonError("timeout", "late");
    expect(hasCode(error, "internal", "timeout")).toBe(true);
    expect(hasCode(error, "internal")).toBe(false);
    expect(hasCode({ code: "timeout" }, "timeout")).toBe(false);
  });

  it("is what any thrown thing becomes, with the thing as its cause", () => {
    const known = new CaxtonError("timeout", "late");
    expect(toCaxtonError(known)).toBe(known);
    const typeError = new TypeError("x is not a function");
    expect(toCaxtonError(typeError)).toMatchObject({ code: "internal", message: typeError.message, cause: typeError });
    expect(toCaxtonError("thrown text")).toMatchObject({ code: "internal", message: "thrown text" });
    expect(toCaxtonError(undefined)).toMatchObject({ code: "internal", message: "undefined" });
  });
});

describe("isErrorCode", () => {
  it("knows the codes and nothing that objects inherit", () => {
    expect(codes.every(([code]) => isErrorCode(code))).toBe(true);
    const others: readonly unknown[] = ["constructor", "toString", "", "TIMEOUT", 7, undefined];
    expect(others.some(isErrorCode)).toBe(false);
    const code: ErrorCode = "timeout";
    expect(isErrorCode(code)).toBe(true);
  });
});
