export const freePort = 4222;
