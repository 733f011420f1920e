import process from "node:process";

/** Whether the fault tests that take minutes are wanted too: `pnpm test:long` sets it. */
export const isLong = process.env["CAXTON_LONG"] === "1";
