import type { TrafficView } from '../state';
import { REASONS } from './reasons';
import { relativeTime } from './times';

/** How many callers of a reason are named. */
const CALLERS = 3;

/** Refusals by reason. */
export function Refusals({ traffic, now }: { readonly traffic: TrafficView; readonly now: string }) {
  const { refusals, unidentified } = traffic;
  const most = Math.max(1, ...refusals.map(({ count }) => count));
  return (
    <>
      {refusals.length === 0 && <p class="quiet">The authorizer has refused no request.</p>}
      <ul class="refusals">
        {refusals.map(({ code, count, lastAt, callers }) => (
          <li key={code}>
            <div class="refusal-head">
              <strong>{code}</strong>
              <span>
                {count}, the last {relativeTime(lastAt, now)}
              </span>
            </div>
            <meter min={0} max={most} value={count} aria-label={`${count} of ${code}`} />
            <p class="quiet">{REASONS[code]}</p>
            <p class="callers">
              {callers
                .slice(0, CALLERS)
                .map(({ caller, count: ofCaller }) => `${caller} (${ofCaller})`)
                .join(', ')}
              {callers.length > CALLERS && `, and ${callers.length - CALLERS} more`}
            </p>
          </li>
        ))}
      </ul>
      {unidentified.length > 0 && (
        <p class="quiet">
          Answered by the gateway before a client was identified:{' '}
          {unidentified.map(({ status, count }) => `${count} × ${status}`).join(', ')}.
        </p>
      )}
      <p class="quiet">
        Callers that the gateway refuses in the TLS handshake are in no log: those without a certificate, and with one
        of a foreign authority.
      </p>
    </>
  );
}
