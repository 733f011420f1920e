import { AbReportSchema } from "@caxton/contracts/gen/caxton/v1/ab_pb.js";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { abReportLines } from "../format/ab.ts";
import { wireJson } from "../wire-json.ts";

export function abReportCommand(): Command {
  return gatewayCommand("report", "tell what an A/B test shows, and, once its time is over, what to do", [
    "caxton ab report proc-v2-7f8d9",
    "caxton ab report 0198c0de --json | jq .recommendation",
  ])
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .action(async (id: string, options: JsonOption & GatewayOption) => {
      const output = outputOf(options);
      const gateway = await openGateway(options);
      const report = await gateway.getAbReport(id);
      output.lines(...abReportLines(report, output.style));
      output.value(wireJson(AbReportSchema, report));
    });
}
