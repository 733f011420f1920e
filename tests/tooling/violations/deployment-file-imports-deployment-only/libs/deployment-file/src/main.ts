import { limit } from "../../contracts/src/limits.ts";

export const fileMaxCharacters = limit;
