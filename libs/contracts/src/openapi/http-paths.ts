import type { TSchema } from "../type.ts";
import { type Content, HttpError, type HttpRoute } from "../http-routes.ts";
import { type JsonSchema, refTo } from "./message-schemas.ts";

/** The name of HttpError among the schemas. */
export const httpErrorName = "HttpError";
export const httpError: JsonSchema = HttpError;

/** A path for each route, its methods together. */
export function httpPaths(routes: Readonly<Record<string, HttpRoute>>): Readonly<Record<string, JsonSchema>> {
  const paths: Record<string, JsonSchema> = {};
  for (const [name, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return paths;
}

function operation(name: string, route: HttpRoute): JsonSchema {
  const { summary, description, pathParameters = {}, headers = {}, requestBody, responses } = route;
  const parameters = [...parametersIn("path", pathParameters), ...parametersIn("header", headers)];
  return {
    operationId: name,
    tags: ["HTTP"],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody: { required: true, content: contentOf(requestBody) } }),
    responses: { ...responsesOf(responses), default: refusal(route) },
  };
}

function parametersIn(place: "path" | "header", schemas: Readonly<Record<string, TSchema>>): readonly JsonSchema[] {
  return Object.entries(schemas).map(([name, schema]) => ({ name, in: place, required: place === "path", schema }));
}

function responsesOf(responses: HttpRoute["responses"]): JsonSchema {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, content }]) => [
      status,
      { description, ...(content === undefined ? {} : { content: contentOf(content) }) },
    ]),
  );
}

function refusal({ refusesWithoutBody }: HttpRoute): JsonSchema {
  const body = { content: { "application/json": { schema: refTo(httpErrorName) } } };
  return { description: "Not done.", ...(refusesWithoutBody ? {} : body) };
}

function contentOf(content: Content): JsonSchema {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}
