import { type Health, healthAnswer } from "@caxton/service/health";
import type { FastifyInstance } from "fastify";

/** `/healthz`, `/readyz` and `/metrics` on the API's own listener. */
export function healthRoutes(health: Health): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      app.get(path, async (_request, reply) => {
        const { status = 404, contentType = "text/plain", body = "" } = (await healthAnswer(health, path)) ?? {};
        return reply.code(status).type(contentType).send(body);
      });
    }
  };
}
