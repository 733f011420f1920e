import { httpRoutes } from "@caxton/contracts/http-routes";
import { type Health, healthAnswer } from "@caxton/service/health";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { placeOf } from "./http-route.ts";

/** `/healthz`, `/readyz` and `/metrics` on the API's own listener. */
export function healthRoutes(health: Health): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    for (const route of [httpRoutes.health, httpRoutes.readiness, httpRoutes.metrics]) {
      const handler = async (_request: FastifyRequest, reply: FastifyReply) => {
        const { status = 404, contentType = "text/plain", body = "" } = (await healthAnswer(health, route.path)) ?? {};
        return reply.code(status).type(contentType).send(body);
      };
      app.route({ ...placeOf(route), handler });
    }
  };
}
