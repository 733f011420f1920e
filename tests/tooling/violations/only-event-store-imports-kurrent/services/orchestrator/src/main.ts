import { KurrentDBClient } from "@kurrent/kurrentdb-client";

export const store = KurrentDBClient;
