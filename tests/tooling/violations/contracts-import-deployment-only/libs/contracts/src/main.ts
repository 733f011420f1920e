import type { Bus } from "../../bus/src/bus.ts";

export type Sender = Pick<Bus, "publish">;
