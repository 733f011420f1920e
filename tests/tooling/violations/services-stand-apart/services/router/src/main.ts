import type { Window } from "../../metrics-watcher/src/window.ts";

export type Last = Window;
