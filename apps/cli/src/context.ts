import { userInfo } from "node:os";
import process from "node:process";
import { gatewayAddress } from "./gateway-address.ts";
import type { Gateway } from "./gateway-client.ts";

export interface GatewayOption {
  readonly gateway?: string;
}

/** The gateway's client, loaded only by commands that need it. @throws CaxtonError `invalid-argument` for a bad address */
export async function openGateway({ gateway }: GatewayOption): Promise<Gateway> {
  const address = gatewayAddress(gateway, process.env["CAXTON_GATEWAY"], process.cwd());
  const { connectGateway } = await import("./gateway-client.ts");
  return connectGateway(address);
}

/** Who and why, the same for every command; the id makes asking twice asking once. */
export function commandContext(reason: string | undefined): { commandId: string; actor: string; reason: string } {
  return { commandId: crypto.randomUUID(), actor: actor(), reason: reason ?? "" };
}

function actor(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
