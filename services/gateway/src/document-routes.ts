import { asyncApiDocument } from "@caxton/contracts/asyncapi/document";
import { httpRoutes } from "@caxton/contracts/http-routes";
import { openApiDocument } from "@caxton/contracts/openapi/document";
import type { FastifyInstance } from "fastify";
import { placeOf } from "./http-route.ts";

/** `/openapi.json` and `/asyncapi.json`, made when they are asked for. */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  app.route({ ...placeOf(httpRoutes.openApi), handler: async () => openApiDocument() });
  app.route({ ...placeOf(httpRoutes.asyncApi), handler: async () => asyncApiDocument() });
}
