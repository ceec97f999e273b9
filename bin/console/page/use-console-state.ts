import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ConsoleState } from '../state';
import { getState } from './api';

/** How often the page asks for news while somebody looks at it. Milliseconds. */
const INTERVAL = 2_000;

interface LiveState {
  /** Absent before the first answer. */
  readonly state: ConsoleState | undefined;
  /** Why the console didn't answer the last time. */
  readonly failure: string | undefined;
  /** Asks at once. */
  reload(): Promise<void>;
}

/** The state of the console, as new as the page needs it. */
export function useConsoleState(): LiveState {
  const [state, setState] = useState<ConsoleState>();
  const [failure, setFailure] = useState<string>();

  const reload = useCallback(async () => {
    try {
      setState(await getState());
      setFailure(undefined);
    } catch (error) {
      setFailure((error as Error).message);
    }
  }, []);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const next = async () => {
      if (!document.hidden) await reload();
      if (!isGone) timer = setTimeout(next, INTERVAL);
    };
    void next();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [reload]);

  return { state, failure, reload };
}
