import manifest from "../../package.json" with { type: "json" };
import { apiServices } from "../api-services.ts";
import { httpRoutes } from "../http-routes.ts";
import { httpError, httpErrorName, httpPaths } from "./http-paths.ts";
import { commentOf, type JsonSchema, messageSchemas } from "./message-schemas.ts";
import { connectError, connectErrorName, rpcPaths } from "./rpc-paths.ts";

/**
 * The gateway's HTTP API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html), made from proto's descriptors and from the
 * schemas that the code checks with.
 * @param url where it is served; relative to where the document was found unless given
 */
export function openApiDocument(url = "/"): JsonSchema {
  const messages = apiServices.flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output]));
  return {
    openapi: "3.1.1",
    info: {
      title: "Caxton Deploy",
      version: manifest.version,
      description: [
        "Puts new versions of WebAssembly agents into live traffic.",
        "Methods of the services speak Connect (https://connectrpc.com/docs/protocol/) in JSON here, and gRPC on a port of their own; what is not set is left out. The bus is described in /asyncapi.json.",
      ].join("\n\n"),
    },
    servers: [{ url }],
    tags: [
      ...apiServices.map(({ name, typeName }) => ({ name, ...commentOf(typeName) })),
      { name: "HTTP", description: "Uploads, messages, health and documents." },
    ],
    paths: { ...rpcPaths(apiServices), ...httpPaths(httpRoutes) },
    components: {
      schemas: {
        ...messageSchemas(messages),
        [connectErrorName]: connectError,
        [httpErrorName]: httpError,
      },
    },
  };
}
