import { readFileSync } from "node:fs";

export const policy = readFileSync("policy.json", "utf8");
