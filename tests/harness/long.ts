import process from "node:process";

/** Whether the fault tests that take minutes are wanted too: `pnpm test:long` sets it. */
export const isLong = process.env["CAXTON_LONG"] === "1";

/** Messages a second under which canaries and their like are struck, where another rate is wanted than each test has by itself. */
export const wantedPerSecond = Number(process.env["CAXTON_FAULTS_PER_SECOND"]) || undefined;
