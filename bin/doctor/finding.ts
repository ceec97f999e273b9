/** The kinds of faults that end an examination, and the exit code of each. */
export const FAULTS = {
  network: 10,
  server: 11,
  'client-certificate': 12,
  refusal: 13,
  throttling: 14,
  service: 15,
} as const;
export type Fault = keyof typeof FAULTS;

/** What one step has found. */
export type Finding =
  | { readonly result: 'ok'; readonly message: string }
  /** Why it was not possible, for example a missing permission. */
  | { readonly result: 'not-checked'; readonly message: string }
  | { readonly result: 'wrong'; readonly fault: Fault; readonly message: string; readonly remedy: string };

export function ok(message: string): Finding {
  return { result: 'ok', message };
}

export function notChecked(message: string): Finding {
  return { result: 'not-checked', message };
}

/** @param remedy what to do, as a sentence without a full stop */
export function wrong(fault: Fault, message: string, remedy: string): Finding {
  return { result: 'wrong', fault, message, remedy };
}
