import type { ClientView } from '../state';
import { expiriesOf } from './expiries';
import { fullTime, relativeTime } from './times';

/** How many are shown. */
const COUNT = 6;

/** What expires next. */
export function ExpiryList({ clients, now }: { readonly clients: readonly ClientView[]; readonly now: string }) {
  const next = expiriesOf(clients, now).slice(0, COUNT);
  if (next.length === 0) return <p class="quiet">Nothing: no client has a certificate.</p>;
  return (
    <ol class="expiries">
      {next.map(({ what, at, isLate }) => (
        <li key={`${what} ${at}`}>
          <span class="what">{what}</span>
          <time dateTime={at} title={`${fullTime(at)} UTC`} class={isLate ? 'late' : ''}>
            {relativeTime(at, now)}
            {isLate && ', should have been replaced'}
          </time>
        </li>
      ))}
    </ol>
  );
}
