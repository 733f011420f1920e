import { limit } from "./limit.ts";

export const upload = limit;
