export interface Bus {
  publish(subject: string): void;
}
