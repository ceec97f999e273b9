import { useState } from 'preact/hooks';
import type { Decision } from '../state';
import { REASONS } from './reasons';
import { clockTime, fullTime } from './times';

/** How many rows are shown. */
const ROWS = 60;

/** The decisions of the last minutes, with why. */
export function Decisions({ decisions }: { readonly decisions: readonly Decision[] }) {
  const [isRefusedOnly, setRefusedOnly] = useState(false);
  const [text, setText] = useState('');
  const found = decisions
    .filter(({ isAllowed }) => !isRefusedOnly || !isAllowed)
    .filter((decision) => searched(decision).includes(text.trim().toLowerCase()));
  return (
    <>
      <div class="filters">
        <label>
          Search
          <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isRefusedOnly}
            onChange={({ currentTarget }) => setRefusedOnly(currentTarget.checked)}
          />
          Only refused
        </label>
      </div>
      {found.length === 0 ? (
        <p class="quiet">No decision in this time.</p>
      ) : (
        <div class="scrolling tall">
          <table class="decisions">
            <thead>
              <tr>
                <th scope="col" class="nowrap">
                  Time (UTC)
                </th>
                <th scope="col">Decision</th>
                <th scope="col">Caller</th>
                <th scope="col">Request</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, ROWS).map((decision) => (
                <Row key={decision.id} decision={decision} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.length > ROWS && (
        <p class="quiet">
          The latest {ROWS} of {found.length}.
        </p>
      )}
    </>
  );
}

function Row({ decision }: { readonly decision: Decision }) {
  const { at, isAllowed, code, clientName, subject, serialNumber, request, status, why } = decision;
  return (
    <tr>
      <td class="nowrap" title={fullTime(at)}>
        {clockTime(at)}
      </td>
      <td>
        <span class={`pill ${isAllowed ? 'good' : 'bad'}`} title={code && REASONS[code]}>
          {isAllowed ? `allowed, ${status}` : code}
        </span>
      </td>
      <td>
        {clientName ?? <span class="claimed">{subject ?? 'unknown'}</span>}
        {serialNumber && <small class="quiet">{serialNumber}</small>}
      </td>
      <td class="request">{request}</td>
      <td class="breaking">{why}</td>
    </tr>
  );
}

function searched({ clientName, subject, serialNumber, request, code, why }: Decision): string {
  return [clientName, subject, serialNumber, request, code, why].join(' ').toLowerCase();
}
