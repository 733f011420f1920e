import { decodeJson } from "@caxton/bus/json";
import { CaxtonError } from "@caxton/contracts/errors";
import { shadowRecord } from "@caxton/contracts/shadow";
import { shadowKey, shadowReportBucket } from "@caxton/contracts/subjects";
import { resolveDeployment } from "../core/resolve-id.ts";
import { toJsonObject } from "../json-object.ts";
import type { Api, ApiContext } from "./api-context.ts";

export function shadowsApi({ bus, projection }: ApiContext): Pick<Api, "getShadowReport"> {
  return {
    async getShadowReport({ deploymentId }) {
      const { agent, deployment } = resolveDeployment(projection.views(), deploymentId);
      const { strategy, state } = projection.view(agent).state.deployments[deployment] ?? {};
      if (strategy !== "shadow") {
        throw new CaxtonError(
          "invalid-argument",
          `deployment ${deployment} of ${agent} is no shadow but ${strategy}; \`caxton explain\` tells of it`,
        );
      }
      const entry = await (await bus.kv(shadowReportBucket)).get(shadowKey(agent, deployment));
      if (entry === undefined) {
        throw new CaxtonError("not-allowed-now", `shadow ${deployment} of ${agent} is ${state} and has no report yet`);
      }
      const { report } = shadowRecord.check(decodeJson(entry.value));
      return { deploymentId: deployment, report: toJsonObject(report) ?? {} };
    },
  };
}
