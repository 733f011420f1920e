import { freePort } from "../../../tests/harness/free-port.ts";

export const port = freePort;
