import type { Bus } from "@caxton/bus/types";
import { setTimeout as delay } from "node:timers/promises";
import { livingServices } from "../../libs/service/src/presence.ts";

/** Where a service tells its health, as its presence says. */
export async function healthUrl(bus: Bus, kind: string): Promise<string> {
  for (;;) {
    const [service] = await livingServices(bus, kind);
    if (service?.healthUrl !== undefined) return service.healthUrl;
    await delay(50);
  }
}
