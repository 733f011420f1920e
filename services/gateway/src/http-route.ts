import type { HttpRoute } from "@caxton/contracts/http-routes";

/** Where a route of the contract is, as fastify writes it. */
export function placeOf<Method extends HttpRoute["method"]>(route: {
  readonly method: Method;
  readonly path: string;
}): { readonly method: Method; readonly url: string } {
  return { method: route.method, url: route.path.replaceAll(/\{(\w+)\}/g, ":$1") };
}
