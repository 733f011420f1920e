import { route } from "../../../services/router/src/route.ts";

export const first = route;
