export const connect = (): void => {};
