import { componentWit } from "@bytecodealliance/jco";

export const inspect = componentWit;
