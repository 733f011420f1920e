import { integerFrom } from "@caxton/service/environment";

/** Further behind the live version a shadow is cut off: `CAXTON_SHADOW_BEHIND_MAX_MS`, five minutes unless given. @throws CaxtonError `invalid-argument` */
export function shadowBehindMaxFromEnvironment(): number {
  return integerFrom("CAXTON_SHADOW_BEHIND_MAX_MS", { unlessGiven: 300_000, min: 100, max: 24 * 60 * 60 * 1_000 });
}
