import { now } from "../adapters/clock.ts";

export const startedAt = now();
