import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { Finding } from "@caxton/contracts/system-status";
import { checker } from "@caxton/contracts/schema";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { readLocal } from "../doctor/local-facts.ts";
import { localFindings } from "../doctor/local-findings.ts";
import { CommandFailure } from "../failure.ts";
import { findingLines, troubleText } from "../format/finding.ts";
import type { Gateway } from "../gateway-client.ts";

interface DoctorOptions extends JsonOption, GatewayOption {
  readonly check?: boolean;
}

const findingSchema = checker("a finding", Finding);

export function doctorCommand(): Command {
  return gatewayCommand("doctor", "check everything that is known to go wrong, and say what to do about it", [
    "caxton doctor",
    "caxton doctor --check     # exit code 6 where there is a problem",
    "caxton doctor --json | jq '.findings[] | select(.result != \"ok\")'",
  ])
    .option("--check", "exit with 6 where there is a problem; a warning is none")
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const local = await readLocal(gateway.address);
  const asked = local.gateway.reached === undefined ? await askGateway(gateway) : [];
  const findings = [...localFindings(local), ...asked];
  output.lines(...findings.flatMap((finding) => findingLines(finding, output.style)));
  output.lines("", troubleText(findings) ?? `${output.style.good("✓")} Nothing is wrong`);
  const problems = findings.filter(({ result }) => result === "problem");
  if (options.check === true && problems.length > 0)
    throw new CommandFailure(new CaxtonError("unhealthy", `${troubleText(problems) ?? ""} found`), { findings });
  output.value({ findings });
}

/** What the gateway finds; that it cannot look is a finding as well. */
async function askGateway(gateway: Gateway): Promise<readonly Finding[]> {
  try {
    const { findings } = await gateway.diagnose();
    return findings.map(({ check, result, seen, advice, agent }) =>
      findingSchema.check({ check, result, seen, advice, ...(agent === "" ? {} : { agent }) }),
    );
  } catch (error) {
    const { code, message } = toCaxtonError(error);
    const advice =
      code === "bus-unavailable"
        ? "the gateway is there and its nats-server is not: look at nats-server's log and its disk"
        : "the gateway is there and cannot look: its log says why; ask again in a moment";
    return [{ check: "gateway", result: "problem", seen: `${message} (${code})`, advice }];
  }
}
