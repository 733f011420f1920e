import type { Bus } from "@caxton/bus/types";
import type { FastifyInstance } from "fastify";
import type { Projection } from "./projection.ts";

/** `/healthz`: the process answers. `/readyz`: it has the bus and has read all history, so that what it says is current. */
export function healthRoutes(bus: Bus, projection: Projection): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/healthz", () => ({ status: "ok" }));
    app.get("/readyz", (_request, reply) => {
      const ready = projection.caughtUp && bus.status === "connected";
      return reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? "ready" : "not-ready", bus: bus.status, caughtUp: projection.caughtUp });
    });
  };
}
