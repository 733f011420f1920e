export interface Window {
  readonly samples: number;
}
