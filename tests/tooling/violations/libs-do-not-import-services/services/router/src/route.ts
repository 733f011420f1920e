export const route = "v1";
